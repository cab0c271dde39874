"""`seamline quarantine`: what was set aside instead of stored, and why; nothing of it is thrown away."""

from __future__ import annotations

import argparse

from seamline.cli.answer import Answer
from seamline.cli.ask import ask
from seamline.cli.exits import OK
from seamline.cli.screen import Column, facts, heading, number, show, show_json, table
from seamline.cli.words import counted, incarnation, sequence, stamp

REASONS = (Column("reason"), number("frames"), number("records"), number("waiting"), number("devices"), Column("last (UTC)"))
REFUSED = (Column("reason"), number("count"), number("devices"), Column("last (UTC)"))
ITEMS = (
    number("number"), Column("device"), Column("arrived (UTC)"), Column("reason"), number("channel"), Column("incarnation"),
    number("boot"), Column("records"), number("bytes"), Column("state"), Column("detail", elastic=True),
)  # fmt: skip
PARTS = (Column("bytes"), Column("part"), Column("says", elastic=True))
BYTES_A_LINE = 32


def quarantine(options: argparse.Namespace) -> int:
    """List the quarantine, or show one frame of it taken apart."""
    if options.frame is not None:
        return _detail(options)
    answer = ask(options, "quarantine", device=options.device, limit=options.limit)
    if options.json:
        show_json(answer)
        return OK
    reasons, refused, items = answer.many("reasons"), answer.many("refused"), answer.many("items")
    if not (reasons or refused or items):
        show("nothing is in quarantine, and no bytes were refused")
        return OK
    if reasons:
        heading("In quarantine, by reason (waiting: frames that may yet be decoded)")
        table(REASONS, map(_reason, reasons))
    if refused:
        heading("Refused: bytes that were no frames, counted and sampled")
        table(REFUSED, map(_refused, refused))
    if items:
        heading(f"Newest frames ({counted(len(items))} shown)")
        table(ITEMS, map(_item, items))
    return OK


def _detail(options: argparse.Namespace) -> int:
    answer = ask(options, "quarantine", str(options.frame))
    if options.json:
        show_json(answer)
        return OK
    item, frame = answer.one("item"), answer.one("frame")
    names = [column.name for column in ITEMS]
    facts([*zip(names, _item(item), strict=True), ("fault", frame.text("fault") or "none found in the bytes themselves")])
    parts = frame.many("parts")
    if parts:
        heading("The frame, part by part (! marks what is not as it should be)")
        table(PARTS, map(_part, parts))
    heading(f"Bytes ({counted(frame.integer('size_bytes'))})")
    text = frame.text("hex") or ""
    for at in range(0, len(text), 2 * BYTES_A_LINE):
        show(f"{at // 2:6}  {' '.join(text[at + byte : at + byte + 2] for byte in range(0, 2 * BYTES_A_LINE, 2)).rstrip()}")
    if frame.flag("truncated"):
        show("(the rest is cut here)")
    return OK


def _reason(row: Answer) -> list[str]:
    counts = [counted(row.count(name)) for name in ("frames", "records", "waiting", "devices")]
    return [row.text("reason") or "?", *counts, stamp(row.integer("last_ms"))]


def _refused(row: Answer) -> list[str]:
    return [row.text("reason") or "?", counted(row.count("count")), counted(row.count("devices")), stamp(row.integer("last_ms"))]


def _item(row: Answer) -> list[str]:
    first, count = row.integer("first"), row.integer("count")
    records = "–" if first is None or not count else sequence(first, count)
    resolved = row.integer("resolved_ms")
    channel, boot = row.integer("channel"), row.integer("boot")
    return [
        str(row.integer("id") or "?"), row.text("device") or "?", stamp(row.integer("arrival_ms")), row.text("reason") or "?",
        "–" if channel is None else str(channel), incarnation(row.integer("incarnation")), counted(boot), records,
        counted(row.integer("size_bytes")), "waiting" if resolved is None else f"resolved {stamp(resolved)}",
        row.text("detail") or "",
    ]  # fmt: skip


def _part(part: Answer) -> list[str]:
    wrong = "" if part.flag("ok") is not False else "! "
    start = part.count("start")
    return [sequence(start, part.count("end") - start), part.text("name") or "?", wrong + (part.text("text") or "")]
