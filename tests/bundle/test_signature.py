"""Signed bundles: whose they are is told, every change is noticed, and keys of the wrong kind are refused."""

from __future__ import annotations

import json
import shutil
import subprocess

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

import edgehar
from edgehar import cli
from edgehar.bundle.signature import PASSWORD, load_private_key, load_public_key, sign
from edgehar.errors import CheckFailed, EdgeharError


def private(key, path, password=None):
    how = NoEncryption() if password is None else BestAvailableEncryption(password)
    path.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, how))
    return path


def public(key, path):
    path.write_bytes(key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    return path


@pytest.fixture
def key(tmp_path):
    made = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
    private(made, tmp_path / "key.pem")
    public(made, tmp_path / "public.pem")
    return made


@pytest.fixture
def signed(bundle_of, key, tmp_path):
    folder = shutil.copytree(bundle_of("micro"), tmp_path / "b")
    sign(folder, load_private_key(tmp_path / "key.pem"))
    return folder


def test_whole_and_theirs(signed, tmp_path, capsys):
    assert edgehar.verify(signed).signature == "not checked"
    found = edgehar.verify(signed, key=tmp_path / "public.pem")
    assert found.signature == "valid" and found.files == len(edgehar.open_bundle(signed).names)
    assert cli.main(["verify", str(signed), "--key", str(tmp_path / "public.pem"), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["key"] == found.key


@pytest.mark.skipif(shutil.which("openssl") is None, reason="needs openssl")
def test_openssl_verifies_the_same(signed, tmp_path):
    asked = ["-in", signed / "manifest.json", "-sigfile", signed / "manifest.sig"]
    verify = ["openssl", "pkeyutl", "-verify", "-pubin", "-inkey", tmp_path / "public.pem", "-rawin", *asked]
    assert subprocess.run(verify, capture_output=True).returncode == 0
    (signed / "manifest.json").write_bytes((signed / "manifest.json").read_bytes() + b" ")
    assert subprocess.run(verify, capture_output=True).returncode != 0


def test_every_change_is_noticed(signed, tmp_path, capsys):
    """A byte of the manifest, of its signature, and of each file; another's key; no signature at all."""
    asked = ["verify", str(signed), "--key", str(tmp_path / "public.pem")]
    names = ["manifest.sig", *edgehar.open_bundle(signed).names]
    for name in names:
        content = (signed / name).read_bytes()
        (signed / name).write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
        assert cli.main(asked) == 1, name
        (signed / name).write_bytes(content)
    manifest = json.loads((signed / "manifest.json").read_text())
    (signed / "manifest.json").write_text(json.dumps(manifest))
    assert cli.main(asked) == 1
    other = public(Ed25519PrivateKey.generate(), tmp_path / "other.pem")
    assert cli.main(["verify", str(signed), "--key", str(other)]) == 1
    (signed / "manifest.sig").unlink()
    assert cli.main(asked) == 1
    assert "--sign" in capsys.readouterr().err
    assert edgehar.verify(signed).signature == "unsigned"


def test_what_nothing_vouches_for_is_named(signed, capsys):
    (signed / "extra.bin").write_bytes(b"x")
    assert cli.main(["verify", str(signed)]) == 0
    said = capsys.readouterr().err
    assert said == "note: 1 files are not in the manifest; nothing vouches for them: extra.bin\n"
    for name in range(60):
        (signed / f"{name:02}.o").write_bytes(b"x")
    assert cli.main(["verify", str(signed)]) == 0
    said = capsys.readouterr().err
    assert said.count("\n") == 1 and "61 files" in said and "00.o" in said and "all with --json" in said


def test_a_contract_of_another_model_is_noticed(signed, tmp_path):
    from edgehar.files import sha256_file

    document = json.loads((signed / "contract.json").read_text())
    document["labels"][0] = "flying"
    (signed / "contract.json").write_text(json.dumps(document))
    manifest = json.loads((signed / "manifest.json").read_text())
    manifest["files"]["contract.json"] = {
        "bytes": (signed / "contract.json").stat().st_size, "sha256": sha256_file(signed / "contract.json"),
    }  # fmt: skip
    (signed / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(CheckFailed, match=r"contract\.json"):
        edgehar.verify(signed)


def test_keys_of_the_wrong_kind(key, tmp_path, monkeypatch):
    rsa = generate_private_key(65537, 2048)
    for load, path in (
        (load_private_key, private(rsa, tmp_path / "rsa.pem")),
        (load_private_key, tmp_path / "public.pem"),
        (load_public_key, public(rsa, tmp_path / "rsa-public.pem")),
        (load_public_key, tmp_path / "key.pem"),
        (load_public_key, tmp_path / "absent.pem"),
    ):
        with pytest.raises(EdgeharError, match=r"expected|no such file"):
            load(path)
    locked = private(key, tmp_path / "locked.pem", b"open")
    monkeypatch.delenv(PASSWORD, raising=False)
    with pytest.raises(EdgeharError, match=PASSWORD):
        load_private_key(locked)
    monkeypatch.setenv(PASSWORD, "shut")
    with pytest.raises(EdgeharError, match="wrong password"):
        load_private_key(locked)
    monkeypatch.setenv(PASSWORD, "open")
    assert load_private_key(locked).private_bytes_raw() == bytes(range(32))


def test_export_signs_and_an_export_without_key_leaves_no_old_signature(key, tmp_path, monkeypatch):
    """The whole command once; then only the step that publishes, on the same folder."""
    from edgehar.bundle.publish import publish

    folder = tmp_path / "exported"
    assert cli.main(["export", "--model", "nano", "--out", str(folder), "--sign", str(tmp_path / "key.pem")]) == 0
    assert edgehar.verify(folder, key=tmp_path / "public.pem").signature == "valid"
    stage = shutil.copytree(folder, tmp_path / "stage")
    (stage / "manifest.sig").unlink()
    publish(stage, folder)
    assert edgehar.verify(folder).signature == "unsigned"
