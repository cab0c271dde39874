"""`seamline devices`: the fleet, a line a device."""

from __future__ import annotations

import argparse

from seamline.cli.answer import Answer
from seamline.cli.ask import ask
from seamline.cli.exits import OK
from seamline.cli.screen import Column, number, show, show_json, table
from seamline.cli.words import COLOURS, age, counted, presence, span

COLUMNS = (
    Column("device"), Column("contract"), Column("presence"), Column("why", elastic=True), number("heard"), number("answered"),
    number("numbered"), number("stored"), number("owed"), number("lost"), number("quarantined"),
)  # fmt: skip


def devices(options: argparse.Namespace) -> int:
    """List the devices that match."""
    answer = ask(
        options, "fleet",
        q=options.find, presence="lost" if options.presence == "offline" else options.presence, contract=options.contract, sort=f"{'-' if options.reverse else ''}{options.sort}",
        offset=options.offset or None, limit=options.limit,
    )  # fmt: skip
    if options.json:
        show_json(answer)
        return OK
    rows = answer.many("rows")
    if rows:
        now = answer.count("now_ms")
        table(COLUMNS, (_cells(row, now) for row in rows), [COLOURS.get(row.text("presence") or "") for row in rows])
    show(_closing(len(rows), answer.count("total"), options.offset))
    return OK


def _cells(row: Answer, now_ms: int) -> list[str]:
    numbered, stored, lost, quarantined = (counted(row.count(name)) for name in ("numbered", "stored", "lost", "quarantined"))
    since = row.integer("owed_since_ms")
    owed = counted(row.count("owed")) + (f" for {span(max(0, now_ms - since))}" if since is not None else "")
    heard, answered = age(row.integer("age_ms")), age(row.integer("answered_age_ms"))
    return [
        row.text("id") or "?", row.text("contract") or "–", presence(row.text("presence")), row.text("why") or "",
        heard, answered, numbered, stored, owed, lost, quarantined,
    ]  # fmt: skip


def _closing(shown: int, total: int, offset: int) -> str:
    """Return the line below the table: how much of what there is was shown."""
    if shown == total:
        return f"{counted(total)} device{'' if total == 1 else 's'}" if total else "no device matches"
    if not shown:
        return f"no device after the first {counted(offset)}: there are {counted(total)}"
    return f"{counted(offset + 1)} to {counted(offset + shown)} of {counted(total)} devices (--limit, --offset)"
