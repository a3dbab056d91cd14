"""`edgehar demo`: a page on which models run on the sensor of the device that opens it."""

from __future__ import annotations

from pathlib import Path

import click

from edgehar.cli.layout import Command
from edgehar.cli.output import note


@click.command(cls=Command)
@click.argument("bundles", nargs=-1, type=click.Path(path_type=Path))
@click.option("--host", default="127.0.0.1", show_default=True, help="Address; another one lets others in.")
@click.option("--port", default=8000, show_default=True, type=click.IntRange(0, 65535), help="0: a free one.")
@click.option("--cert", type=click.Path(path_type=Path), help="PEM of a certificate: serve https, with --cert-key.")
@click.option("--cert-key", type=click.Path(path_type=Path), help="PEM of its key.")
@click.option("--open/--no-open", "opens", default=False, show_default=True, help="Open it in this machine's browser.")
def command(
    bundles: tuple[Path, ...], host: str, port: int, cert: Path | None, cert_key: Path | None, opens: bool
) -> None:
    """Serve one page with the C engine as WebAssembly: signal, decisions, recording, and learning a person by buttons.

    BUNDLES are what `export --int8` writes, int8 .tflite files with their contract, or names of shipped ones (micro,
    micro-pocket, micro-wrist); ./bundle by default, and the shipped ones where there is none. Each is a card to choose.
    Browsers give their motion sensor to localhost and to https alone: for a phone, forward the port over its cable
    (adb reverse tcp:8000 tcp:8000), serve https with --cert, or put the folder of `export --web` on any https server.
    After the first load the page works offline. Ctrl-C ends.
    """
    from edgehar.models import int8_names
    from edgehar.report.progress import stage
    from edgehar.web.serve import LOOPBACK, make_server
    from edgehar.web.site import page_files, page_model

    if (cert is None) != (cert_key is None):
        raise click.UsageError("expected --cert and --cert-key together")
    models = []
    default = (Path("bundle"),) if Path("bundle").exists() else tuple(map(Path, int8_names()))
    with stage() as on_step:
        for path in bundles or default:
            on_step(f"{path}: compiling the engine for browsers")
            models.append(page_model(path))
    certificate = None if cert is None or cert_key is None else (cert, cert_key)
    with make_server(page_files(models), host, port, certificate) as server:
        name = f"[{host}]" if ":" in host else host
        address = f"http{'' if certificate is None else 's'}://{name}:{server.server_port}/"
        click.echo(address)
        if host not in LOOPBACK:
            note("others in this network can open the page, too")
        if opens:
            click.launch(address)
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            click.echo("ended", err=True)
