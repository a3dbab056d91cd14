"""The files of the page: its own, those of the models, and what works offline."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from edgehar.bundle.read import Bundle, open_bundle
from edgehar.compile.c import write_c
from edgehar.contract import Contract
from edgehar.data.resampling import lowpass, rate_ratio
from edgehar.engine import engine_dir
from edgehar.errors import BundleError, EdgeharError
from edgehar.files import sha256_bytes, sha256_file, temporary_folder
from edgehar.models import int8_file, shipped, shipped_names
from edgehar.models.cards import ModelCard, read_cards
from edgehar.personal.alignment import why_unalignable
from edgehar.runtimes import open_model
from edgehar.schema import read_json
from edgehar.web.build import build_module

STATIC = Path(__file__).parent / "static"
INT8 = "model_int8.tflite"

#: Nothing from elsewhere, no script in the page itself.
PAGE_POLICY = (
    "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; connect-src 'self'; "
    "img-src 'self' blob:; worker-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'"
)

#: Rates at which browsers deliver motion, Hz; the nearest is taken, and a grid of times evens out what is left.
RATES = (25.0, 50.0, 60.0, 100.0, 120.0, 200.0)


@dataclass(frozen=True)
class PageModel:
    """One model of the page.

    Attributes:
        name, worn, figure: what its card says.
        sha256: of the int8 `.tflite`: profiles are kept by it.
        plain, simd: WebAssembly without and with SIMD128.
    """

    name: str
    worn: str
    figure: str
    contract: Contract
    sha256: str
    plain: bytes
    simd: bytes

    def entry(self, number: int) -> dict[str, object]:
        """What models.json says of it."""
        return {
            "name": self.name, "worn": self.worn, "figure": self.figure, "sha256": self.sha256,
            "rate": self.contract.rate_hz, "rates": rates_of(self.contract.rate_hz),
            "hop": max(1, min(round(self.contract.rate_hz), self.contract.window)),
            "placement": self.contract.placement is not None, "unalignable": why_unalignable(self.contract),
            "plain": f"model{number}.wasm", "simd": f"model{number}_simd.wasm",
        }  # fmt: skip


def page_model(path: Path, name: str | None = None) -> PageModel:
    """Compile the engine with an int8 model.

    Args:
        path: a bundle's folder, or an int8 `.tflite` that carries its contract.
        name: what it is called; that of the shipped weights' card, where there is one, else the folder's or the file's.
    Raises:
        BundleError: no bundle, or one without an int8 model.
        EdgeharError: a model that the engine does not cover, or no compiler.
    """
    path = int8_file(path)
    bundle = open_bundle(path) if path.is_dir() or not path.exists() else None
    file = path if bundle is None else bundle.file(INT8)
    opened = open_model(file)
    contract = opened.contract
    opened.close()
    if contract.input_quantisation is None:
        raise BundleError(f"expected a full-integer model in {file}, got a float one; export with --int8")
    card = _card_of(name or path.stem) if bundle is None else _card_in(bundle)
    with temporary_folder() as folder:
        write_c(file, folder)
        plain, simd = (build_module(folder, simd=fast) for fast in (False, True))
    if card is not None and card.figures:
        first = card.figures[0]
        figure = f"{first.on}: macro-F1 {first.macro_f1:.3f}" if first.macro_f1 is not None else first.on
        return PageModel(card.name, card.worn, figure, contract, sha256_file(file), plain, simd)
    own = name or (path.resolve().name if bundle is not None else path.stem)
    return PageModel(own, ", ".join(contract.labels), "your own model", contract, sha256_file(file), plain, simd)


def _card_of(name: str) -> ModelCard | None:
    return read_cards(name)[0] if name in shipped_names() else None


def _card_in(bundle: Bundle) -> ModelCard | None:
    """The card of the shipped weights that a bundle was made of, where it was."""
    origin = read_json(bundle.path / "manifest.json", dict).get("origin")
    name = str(origin.get("model", "")) if isinstance(origin, dict) else ""
    card = _card_of(Path(name).stem)
    if card is None or not isinstance(origin, dict):
        return None
    return card if origin.get("model_sha256") == sha256_file(shipped(card.name)) else None


def rates_of(rate_hz: float) -> list[float]:
    """Rates of sensors that the page resamples to a model's, and the model's own."""
    return sorted({rate_hz, *(one for one in RATES if one > rate_hz)})


def filters_of(rate_hz: float) -> dict[str, dict[str, object]]:
    """For each rate of a sensor the polyphase filter to the model's rate: its terms, and its taps up to the middle."""
    filters: dict[str, dict[str, object]] = {}
    for rate in rates_of(rate_hz):
        ratio = rate_ratio(rate, rate_hz)
        if ratio != 1:
            taps = lowpass(ratio.numerator, ratio.denominator)
            half = taps[: len(taps) // 2 + 1].tolist()
            filters[f"{rate:g}"] = {"up": ratio.numerator, "down": ratio.denominator, "half": half}
    return filters


def page_files(models: Sequence[PageModel]) -> dict[str, bytes]:
    """Every file of the page by its name; a folder of them on any https server is the page.

    Raises:
        EdgeharError: no model, or two of one name.
    """
    names = [model.name for model in models]
    if not models or len(set(names)) < len(names):
        raise EdgeharError(f"expected one model or more, each of a name of its own, got {', '.join(names) or 'none'}")
    files = {path.name: path.read_bytes() for path in sorted(STATIC.iterdir())}
    files["index.html"] = files["index.html"].replace(b"POLICY", PAGE_POLICY.encode())
    files["edgehar.mjs"] = (engine_dir() / "port" / "wasm" / "edgehar.mjs").read_bytes()
    for number, model in enumerate(models):
        files[f"model{number}.wasm"], files[f"model{number}_simd.wasm"] = model.plain, model.simd
    told = {
        "models": [model.entry(number) for number, model in enumerate(models)],
        "filters": {f"{rate:g}": filters_of(rate) for rate in sorted({model.contract.rate_hz for model in models})},
    }
    files["models.json"] = json.dumps(told, separators=(",", ":")).encode()
    version = sha256_bytes(b"".join(name.encode() + b"\0" + files[name] for name in sorted(files)))[:16]
    kept = json.dumps(["./", *(name for name in sorted(files) if name != "offline.js")])
    worker = files["offline.js"].decode()
    worker = worker.replace('"VERSION"', f'"edgehar {version}"').replace("FILES_LIST", kept)
    return {**files, "offline.js": worker.encode()}
