"""What the app cannot run does not get into it."""

from __future__ import annotations

import json

import pytest

from edgehar.channels import parse_channels
from edgehar.contract import Contract
from edgehar.errors import EdgeharError


def test_other_channels_are_refused(take_model, tmp_path):
    """A window of six channels would look to the app like one of twice as many samples."""
    bundle = tmp_path / "b"
    for name in ("c/model_data.c", "c/model_data.h", "model_int8.tflite", "labels.txt"):
        (bundle / name).parent.mkdir(parents=True, exist_ok=True)
        (bundle / name).write_bytes(b"")
    for text in ("acc,gyro", "acc"):
        contract = Contract(("a", "b"), channels=parse_channels(text))
        (bundle / "contract.json").write_text(json.dumps(contract.to_dict()))
        if text == "acc":
            assert take_model.take_model(bundle, tmp_path / "app")
            continue
        with pytest.raises(EdgeharError, match="accelerometer; got the channels acc,gyro"):
            take_model.take_model(bundle, tmp_path / "app")
        assert not (tmp_path / "app").exists()
