"""`seamline contract explain`: what a rule asks, why, and what keeps it."""

from __future__ import annotations

import argparse
from textwrap import fill, indent

from seamline.cli.exits import OK, PromiseBroken
from seamline.cli.screen import painted, show, show_json

WIDTH = 100
NEAREST = 3


def explain(options: argparse.Namespace) -> int:
    """Explain one rule, or list them all."""
    from seamline.contract.rules import RULES

    if options.code is None:
        for code, rule in RULES.items():
            show(f"{code}  {rule.title}")
        return OK
    code = str(options.code).upper()
    rule = RULES.get(code)
    if rule is None:
        raise PromiseBroken(f"no rule has the code {options.code!r}: {_nearest(code, tuple(RULES))}")
    if options.json:
        show_json({"code": code, **rule._asdict()})
        return OK
    show(painted(f"{code}: {rule.title}", "1"))
    for text in filter(None, (rule.why, rule.explanation)):
        show()
        show(fill(text, WIDTH))
    for heading, example in (("Breaks it", rule.bad), ("Keeps it", rule.good)):
        if example:
            show()
            show(f"{heading}:")
            show(indent(example.rstrip("\n"), "    "))
    return OK


def _nearest(wrong: str, codes: tuple[str, ...]) -> str:
    """Return which codes may have been meant."""
    import difflib

    digits = "".join(character for character in wrong if character.isdigit())
    close = difflib.get_close_matches(f"SL{digits}", codes, n=NEAREST, cutoff=0.75)
    return f"did you mean {', '.join(close)}?" if close else "`seamline contract explain` lists them all"
