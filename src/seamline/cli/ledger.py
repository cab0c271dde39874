"""`seamline ledger`: a device's books. Exit code 1 when they do not balance."""

from __future__ import annotations

import argparse

from seamline.cli.answer import Answer
from seamline.cli.ask import ask
from seamline.cli.exits import OK, PROMISE_BROKEN
from seamline.cli.screen import Column, heading, number, painted, show, show_json, table
from seamline.cli.words import counted, incarnation, sequence, stamp

CLASSES = ("stored", "quarantined", "declined", "lost", "owed")
KEY = (Column("incarnation"), number("boot"), Column("message"))
COLUMNS = (
    *KEY, number("numbered"), *(number(name) for name in CLASSES), number("duplicates"), number("mark"), number("high"),
    Column("missing below high", elastic=True), Column("last arrival (UTC)"),
)  # fmt: skip
LOSSES = (*KEY, number("first"), number("records of each"), Column("reason"), Column("declared (UTC)"))
GAPS_SHOWN = 3


def ledger(options: argparse.Namespace) -> int:
    """Show the books of one device, line by line, and whether they balance."""
    answer = ask(options, "devices", options.device, "ledger")
    total = answer.one("total")
    code = PROMISE_BROKEN if total.flag("balanced") is False else OK
    if options.json:
        show_json(answer)
        return code
    show(f"{options.device}: {equation(total)}")
    rows = [*map(_open, answer.many("lines")), *map(_folded, answer.many("folds"))]
    if rows:
        show()
        table(COLUMNS, rows)
    if answer.flag("truncated"):
        show("more open lines exist than are shown here; the total is over all of them")
    losses = answer.many("losses")
    if losses:
        heading("Lost, and why")
        table(LOSSES, map(_loss, losses))
    return code


def equation(books: Answer) -> str:
    """Say the books in one line: what was numbered, and every class that a record can be in."""
    classes = " + ".join(f"{counted(books.count(name))} {name}" for name in CLASSES)
    since = books.integer("owed_since_ms")
    classes += f" (since {stamp(since)} UTC)" if since is not None else ""
    good = books.flag("balanced") is not False
    verdict = painted("balanced", "32") if good else painted("NOT BALANCED", "1;31")
    return f"{counted(books.count('numbered'))} numbered = {classes}, {verdict}"


def _open(line: Answer) -> list[str]:
    books = line.one("books")
    return [
        *_key(line), *_books(books), counted(line.integer("mark")), counted(line.integer("high")), _gaps(line),
        stamp(line.integer("last_arrival_ms")),
    ]  # fmt: skip


def _folded(fold: Answer) -> list[str]:
    first, last = fold.count("boot_first"), fold.count("boot_last")
    boots = sequence(first, last - first + 1)
    message = fold.text("message") or f"channel {fold.count('channel')}"
    return [incarnation(fold.integer("incarnation")), boots, message, *_books(fold.one("books")), "–", "–", "closed", "–"]


def _loss(loss: Answer) -> list[str]:
    known_as, _, message = _key(loss)
    boots = sequence(loss.count("boot"), loss.count("boots") or 1)
    return [
        known_as, boots, message, counted(loss.integer("first")), counted(loss.integer("count")), loss.text("reason") or "?",
        stamp(loss.integer("declared_ms")),
    ]  # fmt: skip


def _key(line: Answer) -> list[str]:
    message = line.text("message") or f"channel {line.count('channel')}"
    return [incarnation(line.integer("incarnation")), counted(line.integer("boot")), message]


def _books(books: Answer) -> list[str]:
    return [counted(books.count(name)) for name in ("numbered", *CLASSES, "duplicates")]


def _gaps(line: Answer) -> str:
    """Say the first few gaps as `a–b`, both inclusive."""
    pairs = [(first, end) for first, end in line.pairs("gaps") if isinstance(first, int) and isinstance(end, int)]
    texts = [sequence(first, end - first) for first, end in pairs[:GAPS_SHOWN]]
    more = len(pairs) - len(texts)
    return ", ".join(texts) + (f" and {more} more" if more > 0 else "") or "none"
