"""`seamline rig storm`: what a whole fleet that comes back in the same second does, by its contract."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from seamline.cli.exits import OK, PROMISE_BROKEN, BadInstallation, WrongUse
from seamline.cli.extras import module_of
from seamline.cli.screen import Column, number, show, show_json, table
from seamline.rig.whole import put

if TYPE_CHECKING:
    from seamline.contract import Contract
    from seamline.rig.storm import Figures, StormPlan

COLUMNS = (
    Column("policy", elastic=True),
    number("all back"),
    number("p50"),
    number("p99"),
    number("begun/s"),
    number("accepted/s"),
    number("broker queue"),
    number("hub queue"),
    number("attempts"),
    number("most"),
    Column("within limits?"),
)
SUFFIXES = (".svg", ".html")


def storm(options: argparse.Namespace) -> int:
    """Plan a storm, show it, and say what to change where it does not hold."""
    if options.out is not None and options.out.suffix not in SUFFIXES:
        raise WrongUse(f"--out {options.out}: end its name in .svg or .html")
    module_of("seamline.rig.storm", "hub")
    from seamline.rig.storm import StormError, plan
    from seamline.rig.storm.picture import advice_sentences

    contract = _contract(options.folder)
    try:
        made = plan(contract, options.devices, options.outage, options.seed, options.policy)
    except StormError as error:
        raise WrongUse(f"{options.folder}: {error}") from None
    if options.json:
        show_json(made.document())
    else:
        _show(made)
        for sentence in advice_sentences(made):
            show(sentence)
    if options.out is not None:
        _draw(made, options.out)
        if not options.json:
            show(f"drawn: {options.out}")
    return OK if made.within_limits else PROMISE_BROKEN


def _show(plan: StormPlan) -> None:
    from seamline.rig.storm.figures import seconds

    terms = plan.terms
    show(
        f"{terms.devices:,} devices of {plan.product} come back in the same second, each with {terms.backlog_frames:,} frames;"
        f" the broker accepts {terms.accept_rate:,}/s, the hub takes {terms.messages_rate:,} messages/s,"
        f" all are to be back within {seconds(terms.recovery_ms)}"
    )
    show()
    colours = [None if one.within else "31" if one.ours else "33" for one in plan.policies]
    table(COLUMNS, [_row(one) for one in plan.policies], colours)
    for line in _given_up(plan):
        show(line)
    show()
    smallest = "There is no first-reconnect spread that holds"
    if plan.smallest_spread_ms is not None:
        smallest = f"The smallest first-reconnect spread that holds is {seconds(plan.smallest_spread_ms)}"
    show(f"{smallest}; the hub tells {seconds(terms.told_spread_ms)}, the contract says {seconds(terms.declared_spread_ms)}.")
    if plan.within_limits:
        show("Within the contract's limits.")
        return
    show("Not within the contract's limits:")
    for reason in plan.reasons:
        show(f"  {reason}")


def _given_up(plan: StormPlan) -> list[str]:
    """The policies that were not watched to their end, a line for each number of attempts."""
    titles: dict[str, list[str]] = {}
    for one in plan.policies:
        if one.given_up_words:
            titles.setdefault(one.given_up_words, []).append(one.title)
    return [f"{words.capitalize()}, before everybody was back: {'; '.join(names)}." for words, names in titles.items()]


def _row(one: Figures) -> tuple[str, ...]:
    from seamline.rig.storm.figures import seconds

    def when(ms: int | None) -> str:
        return "never" if ms is None else seconds(ms)

    back = f"{one.back_share:.1%} in {seconds(one.watched_ms)}" if one.last_ms is None else seconds(one.last_ms)
    lacking = ", ".join(limit.name for limit in one.limits if not limit.held)
    return (
        one.title,
        back,
        when(one.back_p50_ms),
        when(one.back_p99_ms),
        f"{one.offered_peak:,}",
        f"{one.accepted_peak:,}",
        f"{one.broker_peak:,}",
        f"{one.hub_peak:,}",
        f"{one.attempts_median:,}",
        f"{one.attempts_max:,}",
        "yes" if one.within else f"no: {lacking}",
    )


def _draw(plan: StormPlan, path: Path) -> None:
    from seamline.rig.storm.picture import page, svg

    try:
        put(path, svg(plan) if path.suffix == ".svg" else page(plan))
    except OSError as error:
        raise BadInstallation(f"the picture cannot be written to {path}: {error}") from None


def _contract(folder: Path) -> Contract:
    from seamline.contract import ContractErrors, load_family

    try:
        return load_family(folder).current
    except ContractErrors as error:
        raise WrongUse(str(error)) from None
    except OSError as error:
        raise WrongUse(f"{folder} cannot be read: {error}") from None
