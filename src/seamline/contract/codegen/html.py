"""Writes the reference as one HTML file: no script, nothing to load, light and dark, for a keyboard, a reader and a printer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from html import escape

from seamline.contract.codegen.document import Block, Heading, Paragraph, Table
from seamline.contract.codegen.map.page import system_map
from seamline.contract.codegen.reference import reference
from seamline.contract.family import Family
from seamline.contract.model import Contract

_CSS = """
:root { color-scheme: light dark; --paper: #faf8f3; --ink: #1d1c19; --soft: #5e5a51; --line: #e0d9ca; --accent: #17597a; }
@media screen and (prefers-color-scheme: dark) {
  :root { --paper: #14161a; --ink: #ece8df; --soft: #a8a397; --line: #30343b; --accent: #7cc0de; }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 16px/1.5 "Helvetica Neue", Helvetica, Arial, "Liberation Sans", sans-serif; }
.skip { position: absolute; left: -100vw; }
.skip:focus { left: 1rem; top: 1rem; background: var(--paper); padding: .5rem 1rem; }
.whole { display: grid; grid-template-columns: 13rem minmax(0, 1fr); gap: 3rem; max-width: 84rem; margin: 0 auto; padding: 2.5rem 2rem 5rem; }
nav { position: sticky; top: 2rem; align-self: start; font-size: .875rem; max-height: calc(100vh - 4rem); overflow: auto; }
nav ol { list-style: none; margin: 0; padding: 0; }
nav li { margin: .3rem 0; }
a { color: var(--accent); }
nav a { color: var(--soft); text-decoration: none; }
nav a:hover, nav a:focus { color: var(--ink); text-decoration: underline; }
h1 { font-size: 2.25rem; line-height: 1.15; margin: 0 0 1rem; letter-spacing: -.01em; }
h2 { font-size: 1.375rem; margin: 3rem 0 .75rem; padding-top: .75rem; border-top: 1px solid var(--line); }
h3 { font-size: 1.0625rem; margin: 2rem 0 .5rem; }
p { max-width: 46rem; margin: .5rem 0 1rem; }
.scroll { overflow-x: auto; margin: 0 0 1.5rem; }
.map svg { width: 100%; height: auto; border: 1px solid var(--line); border-radius: 8px; }
table { border-collapse: collapse; font-size: .875rem; font-variant-numeric: tabular-nums; }
caption { text-align: left; color: var(--soft); padding: .25rem 0 .5rem; }
th, td { text-align: left; vertical-align: top; padding: .4rem 1.25rem .4rem 0; border-bottom: 1px solid var(--line); }
thead th { color: var(--soft); font-weight: 400; white-space: nowrap; }
tbody th { font-weight: 600; white-space: nowrap; }
.number { text-align: right; }
pre { font: .8125rem/1.5 ui-monospace, "DejaVu Sans Mono", monospace; overflow-x: auto; padding: .75rem 1rem; border: 1px solid var(--line); border-radius: 6px; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
@media (max-width: 60rem) { .whole { display: block; padding: 1.5rem 1rem 3rem; } nav { position: static; max-height: none; margin-bottom: 2rem; } nav li { display: inline-block; margin-right: 1rem; } }
@media print { body { background: #fff; font-size: 12px; } nav, .skip { display: none; } .whole { display: block; padding: 0; max-width: none; } tr { break-inside: avoid; } h2, h3 { break-after: avoid; } }
"""


def html(family: Family, contract: Contract) -> Mapping[str, str]:
    """The target `html`: `reference.html`, with the system map inside."""
    blocks = reference(family, contract)
    title = f"{contract.product} {contract.version}"
    parts = [
        "<!doctype html>",
        '<html lang="en">',
        "<head>",
        '<meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>{escape(title)}: reference</title>",
        f"<style>{_CSS}</style>",
        "</head>",
        "<body>",
        '<a class="skip" href="#content">Skip to the content</a>',
        '<div class="whole">',
        *_contents(blocks),
        '<main id="content">',
    ]
    map_at = next(at for at, block in enumerate(blocks) if isinstance(block, Heading) and block.level > 1)
    for at, block in enumerate(blocks):
        if at == map_at:
            parts.append(f'<div class="map scroll">{system_map(family, contract)["system-map.svg"]}</div>')
        parts += _block(block)
    return {"reference.html": "\n".join([*parts, "</main>", "</div>", "</body>", "</html>", ""])}


def _contents(blocks: tuple[Block, ...]) -> Iterator[str]:
    yield '<nav aria-label="Contents">'
    yield "<ol>"
    for block in blocks:
        if isinstance(block, Heading) and block.level == 2:
            yield f'<li><a href="#{escape(block.anchor)}">{escape(block.text)}</a></li>'
    yield "</ol>"
    yield "</nav>"


def _block(block: Block) -> Iterator[str]:
    if isinstance(block, Heading):
        yield f'<h{block.level} id="{escape(block.anchor)}">{escape(block.text)}</h{block.level}>'
    elif isinstance(block, Paragraph):
        yield f"<p>{escape(block.text)}</p>"
    elif isinstance(block, Table):
        yield from _table(block)
    else:
        yield f'<pre tabindex="0">{escape(block.text)}</pre>'


def _table(table: Table) -> Iterator[str]:
    """A table that scrolls by itself, and can be reached by keyboard for it."""
    caption = escape(table.caption)
    yield f'<div class="scroll" role="region" aria-label="{caption}" tabindex="0">'
    yield f"<table><caption>{caption}</caption>"
    head = "".join(f'<th scope="col"{_aligned(table, at)}>{escape(text)}</th>' for at, text in enumerate(table.head))
    yield f"<thead><tr>{head}</tr></thead>"
    yield "<tbody>"
    for first, *rest in table.rows:
        cells = "".join(f"<td{_aligned(table, at)}>{escape(text)}</td>" for at, text in enumerate(rest, 1))
        yield f'<tr><th scope="row"{_aligned(table, 0)}>{escape(first)}</th>{cells}</tr>'
    yield "</tbody></table></div>"


def _aligned(table: Table, at: int) -> str:
    return ' class="number"' if at in table.numeric else ""
