"""Reports as HTML: nothing from outside, nothing that runs, every figure and row there, readable on a phone."""

from __future__ import annotations

import functools
import gzip
import http.server
import json
import re
import shutil
import subprocess
import threading
from base64 import b64decode
from html.parser import HTMLParser

import pytest

from edgehar import cli
from edgehar.report.figures import new_figure, svg_bytes
from edgehar.report.page import Page

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")


class Outline(HTMLParser):
    """Tags that are opened and closed, attributes and text of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags, self.open, self.words = [], [], []
        self.feed(text)
        assert not self.open, f"left open: {self.open}"

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in ("meta", "img"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.words.append(data)

    def addresses(self):
        return [value for _, attrs in self.tags for key, value in attrs.items() if key in ("src", "href")]


def figure():
    drawn = new_figure(3, 2)
    drawn.subplots().plot([1, 2], [2, 1])
    return drawn


def test_every_text_is_escaped():
    page, evil = Page("<script>alert(1)</script>"), '"><script>x</script>&'
    for add in (page.headline, page.heading, page.text):
        add(evil)
    page.notes([evil], [evil])
    page.table(evil, (evil, evil), [(evil, evil)])
    page.figure(figure(), evil)
    page.download(evil, b"x")
    outline = Outline(page.html())
    assert "script" not in {tag for tag, _ in outline.tags}
    assert sum(evil in words for words in outline.words) >= 9
    assert [attrs["alt"] for tag, attrs in outline.tags if tag == "img"] == [evil]


def test_the_same_figure_gives_the_same_bytes():
    assert svg_bytes(figure()) == svg_bytes(figure())


@pytest.fixture(scope="module")
def pages(bundle, tmp_path_factory):
    """Folder with evaluation.html and bench.html as the commands write them."""
    folder = tmp_path_factory.mktemp("pages")
    evaluated = ["evaluate", str(bundle / "model_int8.tflite"), "--subjects", "2,4", "--html"]
    assert cli.main([*evaluated, str(folder / "evaluation.html")]) == 0
    measured = ["bench", str(bundle), "--quick", "--runtimes", "litert-int8,litert-float", "--out", str(folder / "r")]
    assert cli.main([*measured, "--html", str(folder / "bench.html")]) == 0
    return folder


@pytest.mark.parametrize("name", ["evaluation", "bench"])
def test_pages_stand_alone(pages, name):
    text = (pages / f"{name}.html").read_text()
    outline = Outline(text)
    addresses = outline.addresses()
    assert len(addresses) >= 4 and all(address.startswith("data:") for address in addresses)
    assert "script" not in {tag for tag, _ in outline.tags} and "default-src 'none'" in text
    assert all(attrs["alt"] for tag, attrs in outline.tags if tag == "img")
    assert "Environment" in outline.words and any("Python" in words for words in outline.words)


def kept(text: str, name: str) -> bytes:
    """A file that a page hands over."""
    address = re.search(rf'download="{re.escape(name)}\.gz" href="data:application/gzip;base64,([^"]+)"', text)
    assert address
    return gzip.decompress(b64decode(address[1]))


def test_pages_hold_their_data(pages):
    text = (pages / "bench.html").read_text()
    assert kept(text, "samples.csv") == (pages / "r" / "samples.csv").read_bytes()
    results = json.loads(kept(text, "results.json"))
    words = Outline(text).words
    for row in results["rows"]:
        assert row["name"] in words and f"{100 * row['accuracy']:.2f}" in words
    told = json.loads(kept((pages / "evaluation.html").read_text(), "evaluation.json"))
    assert told["people"] == ["2", "4"]
    words = Outline((pages / "evaluation.html").read_text()).words
    for label, entry in told["models"]["model_int8.tflite"]["classes"].items():
        assert label in words and f"{entry['f1']:.3f}" in words


MEASURE = """<!doctype html><iframe src="{name}.html" width="390" height="800" style="border:0"></iframe>
<script>onload = () => {{ const page = document.querySelector('iframe').contentDocument;
const pictures = [...page.images];
const pairs = [...page.querySelectorAll('.wide')].filter(one => one.querySelectorAll('thead th').length === 2);
document.title = JSON.stringify({{width: page.documentElement.scrollWidth,
  cut: pairs.map(one => one.scrollWidth - one.clientWidth),
  drawn: pictures.filter(one => one.complete && one.naturalWidth > 50).length, pictures: pictures.length,
  font: parseFloat(getComputedStyle(page.body).fontSize)}}); }};</script>"""


@pytest.mark.skipif(CHROMIUM is None, reason="needs chromium: apt-get install chromium")
@pytest.mark.parametrize("name", ["evaluation", "bench"])
def test_a_phone_shows_the_page(pages, name):
    """At 390 px no sideways scrolling of the page itself, words of 16 px, every figure drawn."""
    (pages / f"phone-{name}.html").write_text(MEASURE.format(name=name))
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=str(pages))
    handler.log_message = lambda *arguments: None
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        done = subprocess.run(
            [
                CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--virtual-time-budget=5000", "--dump-dom",
                f"http://127.0.0.1:{server.server_port}/phone-{name}.html",
            ],
            capture_output=True, text=True, timeout=120, check=True,
        )  # fmt: skip
        server.shutdown()
    told = json.loads(re.search(r"<title>(\{.*?\})</title>", done.stdout)[1])
    assert told["width"] <= 390, told
    assert told["cut"] and max(told["cut"]) <= 0, "a name and its value stand side by side"
    assert told["drawn"] == told["pictures"] >= 2, told
    assert told["font"] >= 16


def test_a_page_that_cannot_be_written_is_refused_before_the_work(bundle, tmp_path, capsys):
    (tmp_path / "file").touch()
    asked = ["evaluate", str(bundle / "model_int8.tflite"), "--html", str(tmp_path / "file" / "page.html")]
    assert cli.main(asked) == 2
    captured = capsys.readouterr()
    assert "cannot write" in captured.err and "--html" in captured.err and not captured.out
