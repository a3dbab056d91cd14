"""A server of the page's files from memory, for one machine."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

from edgehar.errors import EdgeharError
from edgehar.web.site import PAGE_POLICY

TYPES = {
    ".html": "text/html; charset=utf-8", ".css": "text/css; charset=utf-8", ".mjs": "text/javascript; charset=utf-8",
    ".js": "text/javascript; charset=utf-8", ".json": "application/json", ".wasm": "application/wasm",
    ".svg": "image/svg+xml", ".webmanifest": "application/manifest+json",
}  # fmt: skip

#: The page's own, and nothing may frame it, which a page cannot say of itself.
POLICY = f"{PAGE_POLICY}; frame-ancestors 'none'"
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Permissions-Policy": "accelerometer=(self), gyroscope=(self), camera=(), microphone=(), geolocation=()",
    "Cache-Control": "no-cache",
}
LOOPBACK = ("127.0.0.1", "::1", "localhost")


def make_server(
    files: Mapping[str, bytes], host: str, port: int, certificate: tuple[Path, Path] | None = None
) -> ThreadingHTTPServer:
    """A server that is bound, not yet running; port 0 takes a free one.

    Args:
        files: content by name; index.html is the root.
        certificate: PEM files of a certificate and its key, for https.
    Raises:
        EdgeharError: the address is taken or not of this machine, or the certificate cannot be read.
    """

    class PageHandler(BaseHTTPRequestHandler):
        server_version = "edgehar"
        sys_version = ""

        def do_GET(self) -> None:
            self._answer(body=True)

        def do_HEAD(self) -> None:
            self._answer(body=False)

        def _answer(self, body: bool) -> None:
            # Another site's name that leads here would make its page of the same origin as this one.
            name = urlsplit(f"//{self.headers.get('Host', '')}").hostname
            if host in LOOPBACK and name not in LOOPBACK:
                self.send_error(HTTPStatus.MISDIRECTED_REQUEST)
                return
            path = urlsplit(self.path).path.removeprefix("/") or "index.html"
            content = files.get(path)
            if content is None:
                self.send_error(HTTPStatus.NOT_FOUND)
                return
            self.send_response(HTTPStatus.OK)
            self.send_header("Content-Type", TYPES[Path(path).suffix])
            self.send_header("Content-Length", str(len(content)))
            for key, value in HEADERS.items():
                self.send_header(key, value)
            self.end_headers()
            if body:
                self.wfile.write(content)

        def log_message(self, format: str, *arguments: object) -> None:
            pass

    try:
        server = ThreadingHTTPServer((host, port), PageHandler)
    except (OSError, OverflowError) as error:
        raise EdgeharError(f"cannot serve on {host}, port {port}: {error}; choose another --host or --port") from error
    if certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        try:
            context.load_cert_chain(*certificate)
        except (OSError, ssl.SSLError) as error:
            server.server_close()
            raise EdgeharError(f"expected a certificate and its key (PEM) in {certificate[0]}, got {error}") from error
        server.socket = context.wrap_socket(server.socket, server_side=True)
    return server
