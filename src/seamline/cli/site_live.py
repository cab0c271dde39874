"""`seamline site publish`, `bind`, `release` and `live`: a plan becomes the fleet that a hub watches."""

from __future__ import annotations

import argparse
import json
from typing import Final

from seamline.cli.answer import Answer
from seamline.cli.ask import ask, get, send
from seamline.cli.exits import OK, PROMISE_BROKEN, PromiseBroken
from seamline.cli.extras import module_of
from seamline.cli.screen import Column, heading, number, show, show_json, table
from seamline.cli.site_plan import resolved
from seamline.cli.words import stamp
from seamline.shares import percent

JSON: Final = "application/json"
SITES: Final = (Column("site"), Column("title", elastic=True), number("version"), Column("published (UTC)"), Column("by"))
PLACES: Final = (Column("place"), Column("state"), Column("device"), Column("last heard (UTC)"), Column("why", elastic=True))
NEEDS: Final = (Column("zone"), Column("asks"), number("needed"), number("planned"), number("now"), number("missing m2"))
TONES: Final = {"planned": None, "installed": "33", "alive": "32", "dark": "31", "unknown": "35"}


def publish(options: argparse.Namespace) -> int:
    """Work the plan out and send it to the hub. Publishing the same again changes nothing."""
    module_of("seamline.site.living", "site")
    from seamline.contract.problems import ContractErrors
    from seamline.site.frame import SiteError
    from seamline.site.living import document_of

    try:
        site = resolved(options.plan, options.variant)
        document = document_of(site)
    except (ContractErrors, SiteError) as error:
        raise PromiseBroken(str(error)) from None
    body = json.dumps({"by": options.by, "document": document}, allow_nan=False).encode()
    told = send(options, "PUT", body, JSON, "sites", site.plan.name)
    if options.json:
        show_json(told.members)
        return OK
    how = "is in force" if told.flag("changed") else "was in force already"
    show(f"{site.plan.name}: version {told.count('version')} {how} ({told.text('hash')})")
    return OK


def bind(options: argparse.Namespace) -> int:
    """Bind a device to a place."""
    asked = {name: getattr(options, name) for name in ("device", "replaces", "expected", "by", "reason")}
    told = send(options, "PUT", json.dumps(asked).encode(), JSON, "sites", options.site, "places", options.node)
    return _placed(options, told, f"{options.device} stands at {options.node}")


def release(options: argparse.Namespace) -> int:
    """Release a device from its place."""
    query = {"device": options.device, "by": options.by, "reason": options.reason}
    told = send(options, "DELETE", b"", JSON, "sites", options.site, "places", options.node, **query)
    return _placed(options, told, f"{options.node} is free")


def live(options: argparse.Namespace) -> int:
    """Show a site; exit 1 while a zone sees less than its plan asks for."""
    if options.site is None:
        return _sites(options)
    now = ask(options, "sites", options.site)
    short = any(need.flag("met") is False for need in now.many("needs"))
    if options.json:
        show_json(now)
        return PROMISE_BROKEN if short else OK
    plan = ask(options, "sites", options.site, "plan")
    heading(f"{now.text('title')}, version {now.count('version')}")
    counts = now.one("counts")
    show(", ".join(f"{counts.count(state)} {state}" for state in TONES))
    places = [*now.many("places"), *now.many("left_over")]
    rows = [
        (
            it.text("node") or "",
            it.text("state") or "",
            it.text("device") or "",
            stamp(it.integer("last_heard_ms")),
            it.text("why") or "",
        )
        for it in places
    ]
    table(PLACES, rows, [TONES.get(it.text("state") or "") for it in places])
    heading("Coverage")
    asks = {zone.text("id"): [_asked(need) for need in zone.many("needs")] for zone in plan.many("zones")}
    table(NEEDS, [_need(need, asks) for need in now.many("needs")])
    for dark in now.many("dark"):
        _dark(dark, plan.many("remedies"))
    return PROMISE_BROKEN if short else OK


def _sites(options: argparse.Namespace) -> int:
    found = Answer({"sites": get(options, "sites")}).many("sites")
    if options.json:
        show_json({"sites": [site.members for site in found]})
        return OK
    if not found:
        show("no plan has been published: seamline site publish PLAN")
    else:
        rows = [
            (
                it.text("site") or "",
                it.text("title") or "",
                str(it.count("version")),
                stamp(it.integer("published_ms")),
                it.text("by") or "",
            )
            for it in found
        ]
        table(SITES, rows)
    return OK


def _placed(options: argparse.Namespace, told: Answer, text: str) -> int:
    if options.json:
        show_json(told.members)
    else:
        show(f"{text}: {told.text('state')}")
    return OK


def _asked(need: Answer) -> str:
    k = need.count("k")
    return f"{need.text('of')}" + (f" by {k}" if k > 1 else "")


def _need(need: Answer, asks: dict[str | None, list[str]]) -> tuple[str, ...]:
    zone = need.text("zone")
    shares = [percent(_share(need, name)) for name in ("needed", "planned", "share")]
    return (zone or "", asks.get(zone, [])[need.count("need")], *shares, f"{_share(need, 'missing_m2'):.1f}")


def _share(answer: Answer, name: str) -> float:
    value = answer.members.get(name)
    return float(value) if isinstance(value, (int, float)) else 0.0


def _dark(dark: Answer, remedies: list[Answer]) -> None:
    """Say what a dark node alone covered, and what helps most."""
    lost = _areas(dark.one("alone_m2"))
    if not lost:
        return
    show(f"{dark.text('node')} alone covered {lost}")
    for gain in dark.many("helps"):
        it = remedies[gain.count("remedy")]
        given_up = _areas(gain.one("given_up_m2"))
        show(f"  {_said(it)}: brings back {_areas(gain.one('back_m2'))}{', gives up ' * bool(given_up)}{given_up}")


def _areas(by_zone: Answer) -> str:
    return ", ".join(f"{_share(by_zone, zone):.1f} m2 of {zone}" for zone in by_zone.members)


def _said(remedy: Answer) -> str:
    """A remedy as an instruction."""
    to = f"{_share(remedy, 'heading_deg'):g} degrees"
    match remedy.text("kind"):
        case "turn":
            return f"turn {remedy.text('node')} to {to}"
        case "move":
            return f"move {remedy.text('node')} to the place of {remedy.text('dark')}"
        case _:
            at = f"{_share(remedy, 'x'):g}, {_share(remedy, 'y'):g} m, {_share(remedy, 'height_m'):g} m high"
            lens = f" ({remedy.text('lens')})" if remedy.text("lens") else ""
            return f"add {remedy.text('part')}{lens} at {remedy.text('where')} ({at}), looking to {to}"
