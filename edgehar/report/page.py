"""A report as one HTML file that needs nothing else: no script, no request, figures and data inside."""

from __future__ import annotations

import gzip
from base64 import b64encode
from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING

from edgehar.report.figures import svg_bytes

if TYPE_CHECKING:
    from matplotlib.figure import Figure

#: Nothing may be fetched and nothing may run, whatever a label or a file's name says.
POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'"

#: Inches above which a figure keeps its size on a narrow screen.
WIDE = 7.6

STYLE = """
:root { color-scheme: light dark; --line: #8886; --soft: #8882; }
body { font: 16px/1.5 system-ui, sans-serif; margin: 0 auto; max-width: 60rem; padding: 1rem; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.15rem; margin: 2rem 0 .5rem; }
.headline { background: var(--soft); border-radius: .5rem; font-size: 1.1rem; padding: .75rem 1rem; }
.wide { overflow-x: auto; margin: .5rem 0; }
table { border-collapse: collapse; font-size: .9rem; font-variant-numeric: tabular-nums; }
caption { text-align: left; font-weight: 600; padding: .25rem 0; }
th, td { padding: .25rem .6rem; text-align: right; white-space: nowrap; border-bottom: 1px solid var(--line); }
th:first-child, td:first-child { text-align: left; position: sticky; left: 0; background: Canvas; }
td:only-of-type { white-space: normal; overflow-wrap: anywhere; }
figure { margin: 1rem 0; } figcaption { font-size: .9rem; }
img { width: 100%; max-width: 48rem; height: auto; background: white; border-radius: .25rem; }
ul { padding-left: 1.2rem; } .doubt { border-left: 4px solid #d97706; padding-left: .5rem; list-style: none; }
"""


class Page:
    """Collects the parts of a report in their order; every text is escaped."""

    def __init__(self, title: str) -> None:
        self._title = title
        self._parts: list[str] = [f"<h1>{escape(title)}</h1>"]

    def headline(self, words: str) -> None:
        """What the report comes to, in one line."""
        self._parts.append(f'<p class="headline">{escape(words)}</p>')

    def heading(self, words: str) -> None:
        """Begin a section."""
        self._parts.append(f"<h2>{escape(words)}</h2>")

    def text(self, words: str) -> None:
        """One paragraph."""
        self._parts.append(f"<p>{escape(words)}</p>")

    def notes(self, lines: Sequence[str], doubts: Sequence[str] = ()) -> None:
        """A list; doubts are marked."""
        items = [f"<li>{escape(line)}</li>" for line in lines]
        items += [f'<li class="doubt">{escape(line)}</li>' for line in doubts]
        if items:
            self._parts.append(f"<ul>{''.join(items)}</ul>")

    def table(self, title: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        """A table that scrolls sideways where the screen is narrow; the first column names the row."""
        head = "".join(f'<th scope="col">{escape(column)}</th>' for column in columns)
        body = "".join(
            f'<tr><th scope="row">{escape(name)}</th>{"".join(f"<td>{escape(cell)}</td>" for cell in cells)}</tr>'
            for name, *cells in rows
        )
        # Focusable, or a keyboard could not scroll it.
        self._parts.append(
            f'<div class="wide" role="region" tabindex="0" aria-label="{escape(title)}"><table>'
            f"<caption>{escape(title)}</caption><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
        )

    def figure(self, figure: Figure, caption: str) -> None:
        """A figure as SVG; `caption` says what there is to see, to those who cannot see it as well."""
        address = f"data:image/svg+xml;base64,{b64encode(svg_bytes(figure)).decode()}"
        # A wide figure scrolls on a phone: shrunk to the screen, its words could not be read.
        least = ' style="min-width: 40rem"' if figure.get_figwidth() > WIDE else ""
        self._parts.append(
            f'<figure><div class="wide"><img src="{address}" alt="{escape(caption)}"{least}></div>'
            f"<figcaption>{escape(caption)}</figcaption></figure>"
        )

    def download(self, name: str, content: bytes) -> None:
        """A file to keep, gzip inside the page: raw samples, JSON."""
        packed = gzip.compress(content, mtime=0)
        address = f"data:application/gzip;base64,{b64encode(packed).decode()}"
        self._parts.append(
            f'<p><a download="{escape(name)}.gz" href="{address}">{escape(name)}.gz</a>, {len(packed):,} bytes</p>'
        )

    def html(self) -> str:
        """The whole file."""
        return (
            '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
            f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'
            '<meta name="viewport" content="width=device-width, initial-scale=1">'
            f"<title>{escape(self._title)}</title><style>{STYLE}</style></head>\n"
            f"<body><main>\n{chr(10).join(self._parts)}\n</main></body></html>\n"
        )
