"""Downloads from an HTTP server of our own; nothing here leaves the machine."""

import json
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from edgehar.cli import main
from edgehar.data import load
from edgehar.data.catalogue import CATALOGUE
from edgehar.data.fetch import RECORD, fetch
from edgehar.errors import DataError, MissingExtra
from edgehar.files import sha256_file

pytest.importorskip("pooch")


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def server(tmp_path):
    folder = tmp_path / "www"
    folder.mkdir()
    import zipfile

    rows = "\n".join(f"{i},0,1,0,0,0,0,0,0,0" for i in range(200))
    header = ",gravity.x,gravity.y,gravity.z,r.x,r.y,r.z,userAcceleration.x,userAcceleration.y,userAcceleration.z"
    with zipfile.ZipFile(folder / "set.zip", "w") as archive:
        archive.writestr("A_DeviceMotion_data/wlk_7/sub_1.csv", f"{header}\n{rows}\n")
    (folder / "page.html").write_text("<html>moved</html>")
    httpd = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder)))
    thread = threading.Thread(target=httpd.serve_forever)
    thread.start()
    yield folder, f"http://127.0.0.1:{httpd.server_port}"
    httpd.shutdown()
    thread.join()
    httpd.server_close()


def test_the_hash_is_recorded_then_checked(server, tmp_path):
    folder, base = server
    out = tmp_path / "out"
    told = []
    path, digest = fetch("motionsense", url=f"{base}/set.zip", folder=out, on_progress=lambda *a: told.append(a))
    assert digest == sha256_file(folder / "set.zip") == sha256_file(path)
    assert json.loads((out / RECORD).read_text())[path.name] == {"sha256": digest, "url": f"{base}/set.zip"}
    size = (folder / "set.zip").stat().st_size
    assert told[-1] == (size, size)
    told.clear()
    assert fetch("motionsense", url=f"{base}/gone.zip", folder=out, on_progress=lambda *a: told.append(a))[0] == path
    assert not told  # nothing was downloaded again

    path.unlink()
    (folder / "set.zip").write_bytes((folder / "set.zip").read_bytes() + b"x")
    with pytest.raises(DataError, match=f"expected SHA-256 {digest}") as error:
        fetch("motionsense", url=f"{base}/set.zip", folder=out)
    assert RECORD in str(error.value)
    assert [item.name for item in out.iterdir()] == [RECORD]


def test_a_fetched_set_loads_by_name(server, tmp_path, monkeypatch, capsys):
    _, base = server
    monkeypatch.setenv("EDGEHAR_DATA", str(tmp_path / "store"))
    with pytest.raises(DataError, match="edgehar data fetch motionsense"):
        load("motionsense")
    assert main(["data", "fetch", "motionsense", "--url", f"{base}/set.zip", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert Path(told["path"]).parent == tmp_path / "store"
    assert load("motionsense").sha256 == load(told["source"]).sha256
    assert main(["data", "list", "--json"]) == 0
    rows = {row["name"]: row for row in json.loads(capsys.readouterr().out)}
    assert rows["motionsense"]["available"]
    assert not rows["wisdm"]["available"]


@pytest.mark.parametrize(
    ("name", "path", "sha256", "message"),
    [
        ("motionsense", "/gone.zip", None, "the server answered 404"),
        ("motionsense", "/page.html", None, "expected an archive"),
        ("motionsense", "/set.zip", "0" * 64, "expected SHA-256 0000"),
        ("nonesuch", "/set.zip", None, "no data set 'nonesuch'"),
    ],
)
def test_failures_keep_nothing(server, tmp_path, capsys, name, path, sha256, message):
    _, base = server
    out = tmp_path / "out"
    told = ["data", "fetch", name, "--url", base + path, "--out", str(out)]
    assert main(told + (["--sha256", sha256] if sha256 else [])) == 2
    captured = capsys.readouterr()
    assert message in captured.err
    assert captured.err.count("\n") == 1
    assert captured.out == ""
    assert not out.exists() or not list(out.iterdir())


def test_no_connection(tmp_path, capsys):
    # Port 9 (discard) of the local machine: nobody listens.
    assert main(["data", "fetch", "wisdm", "--url", "http://127.0.0.1:9/x.zip", "--out", str(tmp_path)]) == 2
    assert "cannot reach http://127.0.0.1:9/x.zip" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_without_pooch_the_message_names_the_extra(tmp_path, monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "pooch", None)
    with pytest.raises(MissingExtra, match=r"pip install 'edgehar\[data\]'"):
        fetch("wisdm", folder=tmp_path)


def test_official_addresses_are_https():
    assert [item.name for item in CATALOGUE] == ["hapt", "motionsense", "wisdm", "wisdm2019"]
    assert all(item.url.startswith("https://") for item in CATALOGUE)
