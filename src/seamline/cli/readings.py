"""`seamline readings`: a device's readings, each with the quality of its date, and what is missing between them."""

from __future__ import annotations

import argparse

from seamline.cli.answer import Answer
from seamline.cli.ask import ask
from seamline.cli.exits import OK, WrongUse
from seamline.cli.screen import Column, heading, number, show, show_json, table
from seamline.cli.words import NOTHING, counted, sequence, span, stamp, value

DATE = (Column("measured (UTC)"), number("± error"), Column("date is"), number("boot"), number("seq"))
MISSING = (
    Column("class"),
    number("records"),
    number("boot"),
    Column("seq"),
    Column("between (UTC)"),
    Column("reason", elastic=True),
)


def readings(options: argparse.Namespace) -> int:
    """List readings by measured time, newest first unless asked otherwise."""
    if options.since is not None and options.until is not None and options.since >= options.until:
        raise WrongUse(f"--from {stamp(options.since)} is not before --to {stamp(options.until)}")
    answer = ask(
        options, "devices", options.device, "readings",
        message=options.message, from_=options.since, to=options.until, limit=options.limit,
        order="asc" if options.oldest else "desc",
    )  # fmt: skip
    if options.json:
        show_json(answer)
        return OK
    rows, fields = answer.many("rows"), answer.many("fields")
    if not rows:
        show(f"{options.device} has no {answer.text('message') or 'reading'} in this window")
        return OK
    names = [field.text("name") or "?" for field in fields]
    table((*DATE, *map(_column, fields)), (_cells(row, names) for row in rows))
    end = "oldest" if options.oldest else "newest"
    more = f"; the {end} of more (--limit, --from, --to)" if answer.flag("truncated") else ""
    show(f"{counted(len(rows))} of message {answer.text('message')}{more}; {NOTHING} is a field that the record's layout lacks")
    if any(row.values("outside") for row in rows):
        show("! is outside the contract's range")
    if any(row.one("values").members.get(name) is None for row in rows for name in row.one("raw").members):
        show("raw is a count without a physical value: `seamline calibration show` says why")
    missing = answer.many("missing")
    if missing:
        heading("Missing among them")
        table(MISSING, map(_missing, missing))
    return OK


def _column(field: Answer) -> Column:
    """Return the column of a field."""
    name, unit = field.text("name") or "?", field.text("unit")
    return Column(f"{name} [{unit}]" if unit else name, right=True, exact=True)


def _cells(row: Answer, names: list[str]) -> list[str]:
    head = [*_date(row), counted(row.integer("boot")), counted(row.integer("seq"))]
    return [*head, *(_value(row, name) for name in names)]


def _value(row: Answer, name: str) -> str:
    """Say a value; of a calibrated field without one the raw count, and where it is out of range, that."""
    found, raw = row.one("values").members.get(name), row.one("raw").integer(name)
    if found is None and raw is not None:
        return f"raw {raw}"
    return value(found) + ("!" if name in row.values("outside") else "")


def _date(row: Answer) -> list[str]:
    """Say when it was measured, within what, and how that is known; without any date, by when it was here."""
    measured, error = row.integer("measured_ms"), row.integer("error_ms")
    quality = row.text("quality") or "?"
    revision = row.count("revision")
    known = f"{quality}, revised {revision}×" if revision else quality
    if measured is None:
        return [f"before {stamp(row.integer('arrival_ms'))}", "unknown", known]
    return [stamp(measured, fine=True), span(error) if error is not None else "unknown", known]


def _missing(each: Answer) -> list[str]:
    first, count = each.count("first"), each.count("count")
    before, after = stamp(each.integer("from_ms")), stamp(each.integer("to_ms"))
    return [
        each.text("cls") or "?", counted(count), counted(each.integer("boot")), sequence(first, count),
        f"{before} … {after}", each.text("reason") or "–",
    ]  # fmt: skip
