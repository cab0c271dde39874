"""`seamline device show`: one device, with how old each thing said about it is."""

from __future__ import annotations

import argparse

from seamline.cli.answer import Answer
from seamline.cli.ask import ask, get
from seamline.cli.exits import OK
from seamline.cli.ledger import equation
from seamline.cli.screen import Column, facts, heading, number, painted, show, show_json, table
from seamline.cli.words import COLOURS, NOTHING, age, ago, counted, incarnation, presence, span, stamp, value

TWIN = (
    Column("property"), Column("state"), Column("since"), Column("desired"), Column("asked by"), Column("reported"),
    Column("reported when"), Column("why", elastic=True),
)  # fmt: skip
BOOTS = (
    Column("incarnation"), number("boot"), Column("reset"), Column("firmware"), Column("contract"), Column("first heard (UTC)"),
    Column("last heard"),
)  # fmt: skip
EVENTS = (
    Column("when (UTC)"), Column("what"), Column("boundary"), Column("owner"), Column("contact"), Column("told", elastic=True),
)  # fmt: skip
BOOTS_SHOWN = 5
EVENTS_SHOWN = 5


def show_device(options: argparse.Namespace) -> int:
    """Show identity, presence both ways, session, books, twin, boots and the last events."""
    device = options.device
    view = ask(options, "devices", device)
    books = ask(options, "devices", device, "ledger").one("total")
    twin = get(options, "devices", device, "twin")
    events = get(options, "devices", device, "events", limit=EVENTS_SHOWN)
    if options.json:
        show_json({"device": view.members, "books": books.members, "twin": twin, "events": events})
        return OK
    show(painted(device, "1"))
    facts([*_presence(view), *_identity(view), *_session(view), ("books", equation(books))])
    _twin(Answer({"twin": twin}).many("twin"), view.integer("now_ms"))
    _boots(view)
    _events(Answer({"events": events}).many("events"))
    return OK


def _presence(view: Answer) -> list[tuple[str, str]]:
    """Say what is claimed about the device, in both directions."""
    row = view.one("row")
    claim = row.text("presence")
    heard, answered = row.integer("age_ms"), row.integer("answered_age_ms")
    every = row.integer("publish_every_ms")
    expected = f", expected every {span(every)}" if every else ""
    unanswered = view.count("unanswered")
    asked = f", {unanswered} of its questions unanswered since" if unanswered else ""
    since = row.integer("since_ms")
    held = f", for {span(max(0, view.count('now_ms') - since))}" if since is not None else ""
    return [
        ("presence", f"{painted(presence(claim), COLOURS.get(claim or ''))}: {row.text('why') or 'no reason given'}{held}"),
        ("we heard it", f"{age(heard)}{expected}"),
        ("it heard us", f"{age(answered)}{asked}"),
    ]


def _identity(view: Answer) -> list[tuple[str, str]]:
    row = view.one("row")
    return [
        ("contract", row.text("contract") or "unknown"),
        ("firmware", row.text("firmware") or "unknown"),
        (
            "identity",
            f"{view.text('state') or 'unknown'}, owner epoch {view.count('epoch')}, known since {stamp(view.integer('created_ms'))}",
        ),
    ]


def _session(view: Answer) -> list[tuple[str, str]]:
    session, now = view.integer("session"), view.integer("now_ms")
    if session is None:
        return [("session", "none yet")]
    boot = f"boot {counted(view.integer('boot'))} of incarnation {incarnation(view.integer('incarnation'))}"
    said = [("session", f"{session} in {boot}, began {ago(view.integer('born_ms'), now)}")]
    if view.text("last_end"):
        said.append(("before that", f"the session ended: {view.text('last_end')}"))
    failures = [f"{count} × {reason}" for reason, count in view.pairs("failures")]
    if failures:
        said.append(("connects failed", ", ".join(failures)))
    return said


def _twin(properties: list[Answer], now: int | None) -> None:
    if not properties:
        return
    heading("Twin: what was asked, and what the device says")
    table(TWIN, (_property(each, now) for each in properties))


def _property(each: Answer, now: int | None) -> list[str]:
    desired, reported, since = each.one("desired"), each.one("reported"), each.integer("since_ms")
    unit = f" [{each.text('unit')}]" if each.text("unit") else ""
    return [
        f"{each.text('name') or '?'}{unit}",
        (each.text("state") or "nothing asked").replace("_", " ") + (", overdue" if each.flag("overdue") else ""),
        ago(since, now) if since is not None else NOTHING,
        value(desired.members.get("value")),
        desired.text("by") or "–",
        value(reported.members.get("value")),
        ago(reported.integer("received_ms"), now),
        each.text("why") or reported.text("fault") or "",
    ]


def _boots(view: Answer) -> None:
    boots, now = view.many("boots"), view.integer("now_ms")
    if not boots:
        return
    more = len(boots) - BOOTS_SHOWN
    heading("Boots, newest first" + (f" ({BOOTS_SHOWN} of {len(boots)})" if more > 0 else ""))
    table(
        BOOTS,
        (
            [
                incarnation(boot.integer("incarnation")), counted(boot.integer("boot")), boot.text("reset") or "–",
                boot.text("firmware") or "–", boot.text("contract") or "–", stamp(boot.integer("first_heard_ms")),
                ago(boot.integer("last_heard_ms"), now),
            ]
            for boot in boots[:BOOTS_SHOWN]
        ),
    )  # fmt: skip


def _events(events: list[Answer]) -> None:
    if not events:
        return
    heading("Last events, and whose boundary it was")
    names = ("title", "boundary", "owner", "contact", "text")
    table(EVENTS, ([stamp(event.integer("at_ms")), *(event.text(name) or "–" for name in names)] for event in events))
