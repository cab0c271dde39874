"""`seamline site power`: what a plan's nodes use, what feeds them, and whether it lasts; or a contract on a battery."""

from __future__ import annotations

import argparse
import math
import re
from pathlib import Path
from typing import TYPE_CHECKING

from seamline.cli.exits import OK, PROMISE_BROKEN, PromiseBroken, WrongUse
from seamline.cli.extras import module_of
from seamline.cli.screen import Column, number, show, table
from seamline.cli.site_plan import resolved, write_json

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Sequence

    from seamline.site.power.balance import Month
    from seamline.site.power.battery import Battery
    from seamline.site.power.figures import Term
    from seamline.site.power.plan_power import NodePower, SitePower, SwitchPower
    from seamline.site.power.sizing import Sizing
    from seamline.site.power.workload import Option, Verdict

DAYS_MAX = 7_305
"""Twenty years."""
BATTERY = re.compile(r"([A-Za-z0-9-]+):([0-9.]+)Ah:([0-9.]+)V")


def power(options: argparse.Namespace) -> int:
    """Print the power of a plan, or of a contract on a battery; exit 1 when something is known not to last."""
    if (options.plan is None) == (options.contract is None):
        raise WrongUse("give a plan, or --contract with --battery")
    if options.contract is not None:
        return of_contract(options)
    module_of("seamline.site.power.plan_power", "site")
    from seamline.site.frame import SiteError
    from seamline.site.power.plan_power import site_power, surroundings
    from seamline.site.power.plan_sizing import sized

    site = resolved(options.plan, options.variant)
    try:
        common = surroundings(site)
        found = site_power(site, common.rates)
        wanted = [node.node for node in found.nodes if options.size and node.load is not None]
        kits = {node: sizing for node in wanted if (sizing := sized(common, node)) is not None}
    except SiteError as error:
        raise PromiseBroken(str(error)) from None
    if options.json:
        write_json(site_json(found) | {"sizing": {node: sizing_json(sizing) for node, sizing in kits.items()}})
    else:
        print_site(found, arithmetic=options.terms)
        for node, sizing in kits.items():
            print_sizing(node, sizing)
    return OK if found.met else PROMISE_BROKEN


def of_contract(options: argparse.Namespace) -> int:
    """What a contract's power states use, and how long a battery lasts with it."""
    module_of("seamline.site.power.battery", "site")
    from seamline.contract import ContractErrors, load
    from seamline.site.power.battery import primary_days, usable
    from seamline.site.power.figures import PowerError
    from seamline.site.power.periods import stated_load

    if options.battery is None:
        raise WrongUse("--contract needs a battery, such as --battery LiSOCl2:26Ah:3.6V")
    path: Path = options.contract
    try:
        contract = load(path / "contract.yaml" if path.is_dir() else path)
        cell = battery(options.battery)
        day = stated_load(contract, cell.volts)
        full = usable(cell, options.temperature)
        days = primary_days(cell, day.watt_hours, options.temperature)
    except (ContractErrors, PowerError) as error:
        raise PromiseBroken(str(error)) from None
    if options.json:
        write_json(
            {
                "contract": contract.reference,
                "battery": cell.name,
                "temperature_c": options.temperature,
                "daily_wh": day.watt_hours,
                "usable_wh": full.watt_hours,
                "days": finite(days),
                "terms": [term_json(term) for term in (*day.terms, *full.terms)],
            }
        )
        return OK
    show(f"{contract.reference} on {cell.name} at {options.temperature:g} Cel: {day.watt_hours:.3f} Wh a day")
    print_terms((*day.terms, *full.terms))
    show(f"  lasts {lasting(days)}, uncharged")
    return OK


def battery(text: str) -> Battery:
    """The battery of a word such as `LiSOCl2:26Ah:3.6V`; WrongUse, with the form, for any other."""
    from seamline.site.power.battery import Battery, chemistry

    found = BATTERY.fullmatch(text)
    if found is None:
        raise WrongUse(f"'{text}' is no battery such as LiSOCl2:26Ah:3.6V (chemistry, Ah, V)")
    try:
        capacity, volts = float(found[2]), float(found[3])
    except ValueError:
        raise WrongUse(f"'{text}' has no number where Ah and V are expected") from None
    return Battery(name=text, chemistry=chemistry(found[1]), capacity_ah=capacity, volts=volts, source="given with --battery")


def print_site(found: SitePower, *, arithmetic: bool) -> None:
    """Everything for people: nodes, notes, switches, where to infer."""
    columns = [Column("node"), Column("fed by"), number("Wh/d"), number("days"), number("dark"), Column("worst"), Column("lasts")]
    rows = [row(node) for node in found.nodes]
    show_rows(columns, rows)
    shared = shared_notes(found)
    for node in found.nodes:
        details(node, arithmetic=arithmetic, told=shared)
    for switch in found.switches:
        print_switch(switch)
    if shared:
        show()
    for note, nodes in shared.items():
        show(f"note on {', '.join(nodes)}: {note}")
    for note in found.notes:
        show(f"note: {note}")


def shared_notes(found: SitePower) -> dict[str, list[str]]:
    """The notes that stand at several nodes, with these: they are said once."""
    nodes: dict[str, list[str]] = {}
    for node in found.nodes:
        for note in dict.fromkeys(node.notes):
            nodes.setdefault(note, []).append(node.node)
    return {note: names for note, names in nodes.items() if len(names) > 1}


def show_rows(columns: Sequence[Column], rows: Sequence[Sequence[str]]) -> None:
    """A table, or nothing where there are no rows."""
    if rows:
        table(columns, rows)
    else:
        show("no nodes")


def row(node: NodePower) -> list[str]:
    """A node's line."""
    dark = "-" if node.dark_share is None else f"{'>= ' if node.upper_bound else ''}{node.dark_share:.2%}"
    days = "-" if node.autonomy_days is None else lasting_days(node.autonomy_days)
    used = "-" if node.load is None else f"{node.load.watt_hours:.3f}"
    return [node.node, node.kind, used, days, dark, node.worst_month or "-", lasts(node)]


def lasts(node: NodePower) -> str:
    """Whether a node lasts, in a word or two."""
    if node.load is None:
        return "not known"
    if node.met is None:
        return "under a clear sky" if node.upper_bound else "-"
    return "yes" if node.met else "NO"


def details(node: NodePower, *, arithmetic: bool, told: Container[str]) -> None:
    """What is said of a node besides its line, and the notes that are `told` elsewhere."""
    lines = [f"does not fit: {text}" for text in node.misfits]
    lines += [str(term) for term in node.terms] if arithmetic else []
    notes = [note for note in node.notes if note not in told]
    if not (lines or node.verdicts or notes):
        return
    show()
    show(f"{node.node}:")
    for line in lines:
        show(f"  {line}")
    for verdict in node.verdicts:
        print_verdict(verdict, arithmetic=arithmetic)
    for note in notes:
        show(f"  note: {note}")


def print_verdict(verdict: Verdict, *, arithmetic: bool) -> None:
    """Where to infer, and each option with its reason or its arithmetic."""
    show(f"  {verdict.answer}")
    for option in verdict.options:
        said = "; ".join(option.refusals) or f"{option.joules:.4g} J/d, {option.bytes_sent:.4g} B/d"
        show(f"    {option.name}: {said}")
        if arithmetic:
            print_terms(option.terms, indent=6)


def print_switch(switch: SwitchPower) -> None:
    """What a switch gives, and what it cannot."""
    show()
    watts = f"{switch.reserved_w:.1f} W reserved by class, at most {switch.drawn_w:.1f} W drawn"
    show(f"{switch.switch}: {switch.devices} of {switch.ports} ports, {watts}, of {switch.budget_w:.1f} W")
    for said in (*switch.refusals, *switch.doubts):
        show(f"  {said}")
    for way in switch.remedies:
        show(f"    would help: {way}")


def print_sizing(node: str, sizing: Sizing) -> None:
    """The cheapest kit that keeps a node alive, or what to give up."""
    show()
    choice = sizing.choice or sizing.nearest
    if choice is None:
        return
    kit = f"{choice.battery.name} with {choice.array.count} x {choice.array.panel.name}{charger_said(sizing)}"
    days = f"{lasting_days(choice.balance.autonomy_days)} days without sun, {choice.balance.run.dark_share:.2%} dark days"
    bound = ", under a clear sky: an upper bound" if choice.balance.upper_bound else ""
    told = "no price for all of it" if sizing.price_cents is None else f"{sizing.price_cents / 100:.2f}"
    if sizing.choice is not None:
        show(f"{node}: {kit} is enough ({told}; {days}{bound}; {sizing.tried} tried)")
        if sizing.volts is not None:
            show(f"  of {sizing.volts:g} V, which the plan's kit has not: see that what it feeds takes that")
        print_unpriced(sizing)
        return
    show(f"{node}: no kit of the catalogue is enough; nearest is {kit} ({days}{bound}). One of these would do with it:")
    for way in sizing.relaxations:
        show(f"  {way}")
    print_unpriced(sizing)


def charger_said(sizing: Sizing) -> str:
    """The charger, and in whose place it is; the plan's own needs no word."""
    return "" if sizing.instead_of is None else f" and {sizing.charger} in place of {sizing.instead_of}"


def print_unpriced(sizing: Sizing) -> None:
    """Which parts have no price, and what that does to the answer."""
    if sizing.charger is not None and sizing.charger_cents is None:
        show(f"  {sizing.charger} has no price: it is not in the sum")
    if sizing.unpriced:
        show(f"  without a price, and tried after all that has one: {', '.join(sizing.unpriced)}; give theirs under prices.parts")


def sizing_json(sizing: Sizing) -> dict[str, object]:
    """A sizing as JSON."""
    choice = sizing.choice or sizing.nearest
    return {
        "enough": sizing.choice is not None,
        "battery": None if choice is None else choice.battery.name,
        "panel": None if choice is None else choice.array.panel.name,
        "panels": None if choice is None else choice.array.count,
        "charger": sizing.charger,
        "instead_of": sizing.instead_of,
        "volts": sizing.volts,
        "price_cents": sizing.price_cents,
        "autonomy_days": None if choice is None else finite(choice.balance.autonomy_days),
        "dark_share": None if choice is None else choice.balance.run.dark_share,
        "upper_bound": None if choice is None else choice.balance.upper_bound,
        "tried": sizing.tried,
        "unpriced": list(sizing.unpriced),
        "relaxations": [
            {"constraint": way.constraint, "value": way.value, "needed": way.needed, "unit": way.unit}
            for way in sizing.relaxations
        ],
    }


def print_terms(terms: Iterable[Term], indent: int = 2) -> None:
    """Lines of arithmetic."""
    for term in terms:
        show(f"{' ' * indent}{term}")


def lasting(days: float) -> str:
    """A number of days in words."""
    return "for ever" if math.isinf(days) else f"{days:.1f} d ({days / 365.25:.1f} years)"


def lasting_days(days: float) -> str:
    """A number of days for a table; beyond what any battery lasts by itself, no number."""
    return f"> {DAYS_MAX}" if days > DAYS_MAX else f"{days:.1f}"


def finite(value: float | None) -> float | None:
    """A number that JSON has; None for infinity."""
    return None if value is None or math.isinf(value) else value


def term_json(term: Term) -> dict[str, object]:
    """A line of arithmetic as JSON."""
    return {
        "name": term.name,
        "value": finite(term.value),
        "unit": term.unit,
        "kind": term.kind,
        "working": term.working,
        "source": term.source,
    }


def site_json(found: SitePower) -> dict[str, object]:
    """Everything as one document."""
    return {
        "nodes": [node_json(node) for node in found.nodes],
        "switches": [
            {
                "switch": switch.switch,
                "devices": switch.devices,
                "ports": switch.ports,
                "reserved_w": switch.reserved_w,
                "drawn_w": switch.drawn_w,
                "budget_w": switch.budget_w,
                "problems": list(switch.refusals),
                "doubts": list(switch.doubts),
                "remedies": list(switch.remedies),
            }
            for switch in found.switches
        ],
        "notes": list(found.notes),
        "met": found.met,
    }


def node_json(node: NodePower) -> dict[str, object]:
    """A node as JSON."""
    months: tuple[Month, ...] = () if node.balance is None else node.balance.months
    return {
        "node": node.node,
        "fed_by": node.kind,
        "daily_wh": None if node.load is None else node.load.watt_hours,
        "autonomy_days": finite(node.autonomy_days),
        "dark_share": node.dark_share,
        "worst_month": node.worst_month,
        "upper_bound": node.upper_bound,
        "met": node.met,
        "months": [
            {
                "month": month.name,
                "harvest_wh": month.harvest_wh,
                "load_wh": month.load_wh,
                "usable_wh": month.usable_wh,
                "autonomy_days": finite(month.autonomy_days),
                "air_c": month.air_c,
            }
            for month in months
        ],
        "terms": [term_json(term) for term in node.terms],
        "inference": [verdict_json(verdict) for verdict in node.verdicts],
        "misfits": list(node.misfits),
        "notes": list(node.notes),
    }


def verdict_json(verdict: Verdict) -> dict[str, object]:
    """Where to infer, as JSON."""
    return {
        "workload": verdict.workload,
        "answer": verdict.answer,
        "best": None if verdict.best is None else verdict.best.name,
        "cheapest": None if verdict.cheapest is None else verdict.cheapest.name,
        "factor": verdict.factor,
        "options": [option_json(option) for option in verdict.options],
    }


def option_json(option: Option) -> dict[str, object]:
    """One way of doing it, as JSON."""
    return {
        "name": option.name,
        "kind": option.kind,
        "engine": option.engine,
        "radio": option.radio,
        "joules_a_day": option.joules,
        "bytes_a_day": option.bytes_sent,
        "cents_a_day": option.cents,
        "latency_s": option.latency_s,
        "accuracy": option.accuracy,
        "refusals": list(option.refusals),
        "terms": [term_json(term) for term in option.terms],
    }
