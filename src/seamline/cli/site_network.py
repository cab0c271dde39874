"""`seamline site network`: who hears whom, what goes dark with what, what the air and the cables carry."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from seamline.cli.exits import OK, PROMISE_BROKEN, PromiseBroken
from seamline.cli.screen import Column, heading, number, show, table
from seamline.cli.site_plan import resolved, tell_notes, write_json

if TYPE_CHECKING:
    from seamline.site.network.study import Study
    from seamline.site.plan import Site

DARK_SHOWN = 6
"""Stations that are listed for a failure; --json has all."""
ALONE_SHOWN = 20


def network(options: argparse.Namespace) -> int:
    """Work the network of a plan out; exit 1 when something of it does not hold."""
    site = resolved(options.plan, options.variant)
    from seamline.site.frame import SiteError
    from seamline.site.network.as_json import as_json
    from seamline.site.network.study import study

    try:
        found = study(site)
    except SiteError as error:
        raise PromiseBroken(f"{options.plan}: {error}") from None
    if options.json:
        write_json(as_json(found))
    else:
        tell_radio(found)
        tell_additions(site, found)
        tell_air(found)
        tell_cables(found)
        tell_problems(found)
        tell_notes(site)
    return PROMISE_BROKEN if found.problems else OK


def tell_radio(found: Study) -> None:
    """The links in use, what was put up, who is not heard, single points of failure."""
    if not found.stations:
        show("no node or gateway of the plan has a radio")
        tell_failures(found)
        return
    rows: list[tuple[str, ...]] = []
    for ident, way in found.ways.items():
        one = way.links[0]
        loss = one.loss.way if one.loss.way == "clear" else f"{one.loss.way} {', '.join((*one.loss.over, *one.loss.through))}"
        rate = one.rate.name if one.rate else ""
        figures = (f"{one.metres:.0f} m", f"{one.loss.total_db:.1f} dB", f"{one.margin_db:.1f} dB", f"{one.spare_db:.1f} dB")
        rows.append((ident, " > ".join(way.stations[1:]), one.radio_a.technology, rate, *figures, loss))
    columns = [Column("station", elastic=True), Column("way", elastic=True), Column("radio"), Column("rate"), number("distance")]
    table([*columns, number("loss"), number("margin"), number("to spare"), Column("path", elastic=True)], rows)
    if found.outside:
        show(f"to an operator's network, whose coverage is not in the plan: {', '.join(found.outside)}")
    if found.choice is not None:
        bound = "none is cheaper" if found.choice.proven else f"none costs less than {found.choice.bound / 100:.2f}"
        show(f"put up: {'; '.join(found.choice.chosen) or 'nothing'}; {found.choice.cost / 100:.2f}, {bound}")
    tell_failures(found)


def tell_failures(found: Study) -> None:
    """Single points of failure, the worst first."""
    alone = [one for one in found.failures if one.kind == "link" and len(one.dark) == 1]
    shared = [one for one in found.failures if one not in alone]
    if found.failures:
        heading("Single points of failure")
    for failure in shared:
        more = f" and {len(failure.dark) - DARK_SHOWN} more" if len(failure.dark) > DARK_SHOWN else ""
        kind = "" if failure.what.startswith(failure.kind) else f"{failure.kind} "
        show(f"  {kind}{failure.what} takes {', '.join(failure.dark[:DARK_SHOWN])}{more} with it")
    if alone:
        named = [one.dark[0] for one in alone]
        more = f" and {len(named) - ALONE_SHOWN} more" if len(named) > ALONE_SHOWN else ""
        show(f"  on a single link each: {', '.join(named[:ALONE_SHOWN])}{more}")


def tell_additions(site: Site, found: Study) -> None:
    """What was put up, to be written into the plan."""
    from seamline.site.network.additions import additions

    lines = additions(site, found)
    if lines:
        heading("To keep it, write into the plan")
    for line in lines:
        show(f"  {line}")


def tell_air(found: Study) -> None:
    """Shares of time."""
    if not found.loads.radios:
        return
    heading("Air time")
    rows = [
        (load.station, load.radio, f"{load.sends_s_per_hour:.2f} s/h", f"{load.share:.4%}", limit(load.limit_share))
        for load in found.loads.radios
    ]
    table([Column("station", elastic=True), Column("radio"), number("sends"), number("share"), number("allowed")], rows)
    for load in found.loads.channels:
        lost = "" if load.loss_share is None else f", {load.loss_share:.2%} of frames lost by collision (ALOHA, estimated)"
        room = "" if load.nodes_max is None else f"; room for {load.nodes_max} like these"
        where = f"{load.technology} {load.mhz:g} MHz {load.rate or ''}".rstrip()
        show(f"  {where}: senders {load.senders}, {load.share:.3%} of a channel{lost}{room}")


def tell_cables(found: Study) -> None:
    """The cable schedule."""
    if found.wiring.rows:
        heading("Cables")
        rows = [
            (row.id, row.source, row.device, row.cable, f"{row.metres:.1f} m", ", ".join(row.lines)) for row in found.wiring.rows
        ]
        columns = [Column("cable", elastic=True), Column("from"), Column("to", elastic=True), Column("type"), number("length")]
        table([*columns, Column("along", elastic=True)], rows)
        wiring = found.wiring
        show(f"  trenches {wiring.trench_m:.1f} m; none that connect all are shorter than {wiring.bound_m:.1f} m")
    for one in found.budgets:
        drawn = f"{one.draws_mw / 1000:.1f} of {one.budget_mw / 1000:g} W at most"
        several = f" ({one.switches} x {one.part})" if one.switches > 1 else ""
        show(f"  {one.switch}{several}: {one.devices} of {one.ports} ports, {drawn}")


def tell_problems(found: Study) -> None:
    """What does not hold, and what would help."""
    if found.problems:
        heading("Does not hold")
    for problem in found.problems:
        show(f"  {problem}")
    offers = [remedy.text for remedies in found.unheard.values() for remedy in remedies]
    offers += [f"{one.switch}: {way}" for one in found.budgets for way in one.remedies]
    if offers:
        heading("What would help, each alone")
    for offer in offers:
        show(f"  {offer}")
    for note in found.notes:
        show(f"  note: {note}")


def limit(share: float | None) -> str:
    """A limit of time in a table."""
    return "-" if share is None else f"{share:.1%}"
