"""The map's measures and colours: paper and ink by day, light on dark at night, plain white in print.

Colours are given as plain classes, light first, so that a viewer without media queries shows the light sheet. Every colour has a
name beside it: nothing is said by colour alone.
"""

from __future__ import annotations

WIDTH = 1480
MARGIN = 56
ROOM = WIDTH - 2 * MARGIN
"""An A3 sheet in landscape at 96 dpi is 1,587 px wide, less the printer's edge."""

_LIGHT = ("#17597a", "#b3470b", "#2c6b45", "#85408f", "#7d5a00", "#9c2740")
_DARK = ("#7cc0de", "#f2a36e", "#79c598", "#d6a4e3", "#e3bd62", "#f497a6")
"""Owners' colours: at least 5 to 1 against the paper on which they stand."""
OWNER_COLOURS = len(_LIGHT)


def _owners(colours: tuple[str, ...]) -> str:
    rules = (f".fill{n}{{fill:{c}}}.line{n}{{stroke:{c}}}.tint{n}{{fill:{c};fill-opacity:.1}}" for n, c in enumerate(colours))
    return "".join(rules)


def _scheme(paper: str, card: str, ink: str, soft: str, faint: str, edge: str, hair: str, colours: tuple[str, ...]) -> str:
    return (
        f".paper{{fill:{paper}}}.card{{fill:{card};stroke:{edge}}}text,.ink{{fill:{ink}}}.soft{{fill:{soft}}}.faint{{fill:{faint}}}"
        f".hair,.grid{{stroke:{hair}}}.tile{{fill:{card};stroke:{ink}}}.gap{{stroke:{faint}}}.own{{fill:{soft}}}.ownline{{stroke:{soft}}}"
        + _owners(colours)
    )


CSS = (
    'text{font-family:"Helvetica Neue",Helvetica,Arial,"Liberation Sans","DejaVu Sans",sans-serif;font-variant-numeric:tabular-nums}'
    ".hair{stroke-width:1}.grid{stroke-width:1;stroke-opacity:.5}.card{stroke-width:1}.tile{stroke-width:2}"
    ".rail{stroke-width:5;stroke-linecap:round}.stem{stroke-width:1.5}.gap{stroke-width:2.5;stroke-dasharray:1 6;stroke-linecap:round}"
    ".bar{stroke-width:7;stroke-linecap:round}"
    + _scheme("#faf8f3", "#ffffff", "#1d1c19", "#5e5a51", "#6f6a5f", "#e5dfd2", "#c9c1b0", _LIGHT)
    + "@media screen and (prefers-color-scheme:dark){"
    + _scheme("#14161a", "#1b1e23", "#ece8df", "#a8a397", "#918d83", "#2b2f36", "#454a53", _DARK)
    + "}@media print{.paper{fill:#fff}svg{print-color-adjust:exact}}"
)
