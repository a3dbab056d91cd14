"""The model that a stream runs: by default a bundle's int8 `.tflite`, else its float one."""

from __future__ import annotations

import os
from pathlib import Path

from edgehar.bundle import open_bundle
from edgehar.runtimes import Runtime, open_model, row_named

#: Where `export` writes when it is not told.
DEFAULT_BUNDLE = "bundle"


def open_stream_model(path: str | os.PathLike[str] | None = None, runtime: str | None = None) -> Runtime:
    """Open the model of a bundle folder, or a model file.

    Args:
        path: by default `DEFAULT_BUNDLE`.
        runtime: row name such as `litert-int8`; by default int8 where the bundle has it.
    Raises:
        BundleError: not a bundle, or a file in it is not what the manifest says.
        ContractError: the model is damaged or does not fit its contract.
        MissingExtra: the runtime's package is not installed.
    """
    path = Path(DEFAULT_BUNDLE if path is None else path)
    if path.is_file():
        return open_model(path, runtime=runtime)
    bundle = open_bundle(path)
    if runtime is None:
        runtime = "litert-int8" if row_named("litert-int8").file in bundle else "litert-float"
    row = row_named(runtime)
    return open_model(bundle.file(row.file), runtime=row.name, contract=bundle.contract)
