"""What the tests run against, and what a wheel must hold."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

import edgehar

PACKAGE = Path(edgehar.__file__).parent


def test_the_package_under_test_is_the_wheel():
    wheel = os.environ.get("EDGEHAR_WHEEL")
    if wheel is None:
        pytest.skip("not from a wheel: `make test` builds one and runs against it")
    assert Path(wheel) in PACKAGE.parents, f"expected edgehar from {wheel}, got {PACKAGE}"


@pytest.mark.parametrize(
    "name", ["py.typed", "data/hapt_50hz.npz", "data/HAPT.md", "models/cnn.keras", "models/cnn.json"]
)
def test_the_package_holds(name):
    assert (PACKAGE / name).is_file()


def test_importing_costs_nothing():
    """`import edgehar` brings neither numpy nor anything of the extras; a name is imported when it is asked for."""
    code = (
        "import sys, edgehar; edgehar.Contract(('a', 'b'));"
        "heavy = {'numpy', 'pandas', 'tensorflow', 'click', 'rich', 'scipy', 'sklearn'} & set(sys.modules);"
        "assert not heavy, heavy; edgehar.open_model;"
        "assert 'numpy' in sys.modules and 'tensorflow' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def test_every_public_name_is_there():
    for name in edgehar.__all__:
        assert getattr(edgehar, name) is not None
    assert set(edgehar.__all__) <= set(dir(edgehar))
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        edgehar.nothing  # noqa: B018
