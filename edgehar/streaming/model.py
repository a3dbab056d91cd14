"""The model that a stream runs: by default a bundle's int8 `.tflite` with reference kernels, else its float one."""

from __future__ import annotations

import os

from edgehar.bundle import open_bundle
from edgehar.errors import EdgeharError
from edgehar.models import int8_file
from edgehar.personal.profile import personal_model, read_profile
from edgehar.runtimes import Runtime, incremental_row, open_model, row_named
from edgehar.runtimes.incremental import Incremental, from_bytes, is_step

#: Where `export` writes when it is not told.
DEFAULT_BUNDLE = "bundle"

#: Whose kernels an int8 model runs with, where nothing else is asked for: of all that need no compiler, the nearest to
#: the device. They differ from it in one rounding of a dense layer only (docs/testing.md); XNNPACK rounds otherwise in
#: many layers, which a stream has no need of: at a decision per second the time is nothing.
DEFAULT_KERNELS = "litert-int8-reference"


def open_incremental_model(
    path: str | os.PathLike[str] | None = None, runtime: str | None = None, *, hop: int
) -> Incremental:
    """Open the incremental model of a bundle folder for a hop, or make it of the int8 model there.

    Args:
        path: bundle folder, incremental model or int8 model; by default `DEFAULT_BUNDLE`.
        runtime: whose kernels: `litert-int8`, `litert-int8-reference` (default) or `tflm-int8`.
        hop: samples between decisions.
    Raises:
        EdgeharError: a hop that is not from 1 to the window, or a runtime without an incremental form.
        BundleError, ContractError, MissingExtra: as for `open_stream_model`.
    """
    # A hop that cannot be one has no row; the planner says what is wrong with it.
    row = incremental_row(hop, runtime or DEFAULT_KERNELS) if type(hop) is int and hop > 0 else None
    path = int8_file(DEFAULT_BUNDLE if path is None else path)
    contract = None
    if not path.is_file():
        bundle = open_bundle(path)
        if row is not None and row.file in bundle:
            model = open_model(bundle.file(row.file), runtime=row.name, contract=bundle.contract)
            assert isinstance(model, Incremental)
            model.note = next((plan.note for plan in bundle.manifest.incremental if plan.hop == hop), None)
            return model
        path, contract = bundle.file("model_int8.tflite"), bundle.contract
    elif row is not None and is_step(path):
        model = open_model(path, runtime=row.name)
        assert isinstance(model, Incremental)
        return model
    from edgehar.compile.incremental import incremental_model

    made = incremental_model(path, hop, contract)
    assert row is not None
    model = from_bytes(made.content, path, row.name, made.contract)
    model.note = made.plan.note
    return model


def open_stream_model(path: str | os.PathLike[str] | None = None, runtime: str | None = None) -> Runtime:
    """Open the model of a bundle folder, or a model file.

    Args:
        path: by default `DEFAULT_BUNDLE`; the name of a shipped int8 model does as well.
        runtime: row name such as `litert-int8`; by default `DEFAULT_KERNELS` where there is an int8 model.
    Raises:
        BundleError: not a bundle, or a file in it is not what the manifest says.
        ContractError: the model is damaged or does not fit its contract.
        MissingExtra: the runtime's package is not installed.
    """
    path = int8_file(DEFAULT_BUNDLE if path is None else path)
    if path.is_file():
        model = open_model(path, runtime=runtime)
        if runtime is None and model.name == "litert-int8":
            model.close()
            model = open_model(path, runtime=DEFAULT_KERNELS)
        return model
    bundle = open_bundle(path)
    if runtime is None:
        runtime = DEFAULT_KERNELS if row_named(DEFAULT_KERNELS).file in bundle else "litert-float"
    row = row_named(runtime)
    return open_model(bundle.file(row.file), runtime=row.name, contract=bundle.contract)


def open_personal_model(
    profile: str | os.PathLike[str],
    path: str | os.PathLike[str] | None = None,
    runtime: str | None = None,
    *,
    hop: int | None = None,
) -> Runtime:
    """Open an int8 model with a person's profile.

    Args:
        profile: file that `edgehar adapt` wrote for this model.
        path: bundle folder or int8 `.tflite`; by default `DEFAULT_BUNDLE`.
        runtime: `litert-int8`, `litert-int8-reference` (default) or `tflm-int8`.
        hop: of an incremental model; None for whole windows.
    Raises:
        DataError: no profile, or a torn one.
        ContractError: a profile of another model.
        EdgeharError: a runtime that does not run a `.tflite`, and otherwise as `open_stream_model`.
    """
    name = runtime or DEFAULT_KERNELS
    if row_named(name).file != "model_int8.tflite" or name == "native-int8":
        raise EdgeharError(f"expected a runtime of an int8 .tflite for a profile, as {DEFAULT_KERNELS}, got {name}")
    learned = read_profile(profile)
    path = int8_file(DEFAULT_BUNDLE if path is None else path)
    contract = None
    if not path.is_file():
        bundle = open_bundle(path)
        path, contract = bundle.file("model_int8.tflite"), bundle.contract
    with personal_model(path, learned) as own:
        if hop is None:
            return open_model(own, runtime=name, contract=contract)
        from edgehar.compile.incremental import incremental_model

        made = incremental_model(own, hop, contract)
    model = from_bytes(made.content, path, incremental_row(hop, name).name, made.contract)
    model.note = made.plan.note
    return model
