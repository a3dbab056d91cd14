"""The page in a browser without a window, served as `edgehar demo` serves it."""

from __future__ import annotations

import shutil
import threading

import pytest

from edgehar.errors import EdgeharError
from edgehar.web.build import tools
from edgehar.web.serve import make_server
from edgehar.web.site import page_files, page_model

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")


def message(page, words):
    """Wait until the page says so."""
    page.locator("#message", has_text=words).wait_for()


@pytest.fixture(scope="session")
def page_model_of(bundle_of):
    """The page's entry of a shipped model, compiled once."""
    try:
        tools()
    except EdgeharError as error:
        pytest.skip(str(error))
    built = {}

    def build(name):
        if name not in built:
            built[name] = page_model(bundle_of(name))
        return built[name]

    return build


@pytest.fixture(scope="session")
def files(page_model_of):
    """The page with one model, `micro`."""
    return page_files([page_model_of("micro")])


@pytest.fixture(scope="session")
def address(files):
    """Where the page is served."""
    with make_server(files, "127.0.0.1", 0) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


@pytest.fixture(scope="session")
def browser():
    """Chromium."""
    if CHROMIUM is None:
        pytest.skip("needs chromium: apt-get install chromium")
    sync_api = pytest.importorskip("playwright.sync_api", reason="needs playwright: pip install playwright")
    with sync_api.sync_playwright() as driver:
        started = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        yield started
        started.close()


@pytest.fixture
def page(browser, address):
    """The page on a phone's screen, loaded and ready; what goes wrong in it fails the test."""
    context = browser.new_context(viewport={"width": 390, "height": 844}, accept_downloads=True)
    shown = context.new_page()
    wrong = []
    shown.on("pageerror", lambda error: wrong.append(str(error)))
    shown.on("console", lambda said: wrong.append(said.text) if said.type == "error" else None)
    shown.goto(address)
    message(shown, "is ready.")
    yield shown
    context.close()
    assert not wrong, wrong
