"""`seamline site place`: chooses nodes among a plan's candidates, says how good the choice is at most, and writes it back."""

from __future__ import annotations

import argparse
import json
import signal
import sys
import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import TYPE_CHECKING, Literal

from seamline.cli.exits import OK, PROMISE_BROKEN, PromiseBroken, WrongUse
from seamline.cli.extras import module_of
from seamline.cli.site_plan import planned, resolved
from seamline.cli.site_said import plan_said
from seamline.cli.words import quantity
from seamline.shares import percent

if TYPE_CHECKING:
    from seamline.site.placement import Answer, Progress
    from seamline.site.placement.on_site import Question
    from seamline.site.plan.model import Node, Plan

SHOW_EVERY_S = 0.25


def place(options: argparse.Namespace) -> int:
    """Place, print, write; exit 1 when what is to be covered cannot be, or not within the limits given."""
    check(options)
    module_of("seamline.site.placement.placing", "site")
    from seamline.site import SiteError
    from seamline.site.placement.placing import Wish, placed
    from seamline.site.survey import SurveyError

    wish = Wish(
        question=question_of(options),
        count=options.count,
        budget=options.budget,
        fewest=options.fewest,
        fresh=options.fresh,
        seconds=float(options.seconds),
        shares=not options.no_shares,
    )
    try:
        site = resolved(options.plan, options.variant)
        check_name(options.write_variant, site.plan)
        with shown() as watch:
            asked, answer = placed(site, wish, jobs=options.jobs, watch=watch.tell)
        nodes = nodes_of(asked, answer)
        if options.write or options.write_variant is not None:
            write(options, asked, nodes)
        if options.json:
            print(json.dumps(document(asked, answer, nodes), ensure_ascii=False, indent=2))
        else:
            print("\n".join([*table(asked, answer, nodes), ""]), end="")
    except (SiteError, SurveyError) as error:
        raise PromiseBroken(str(error)) from None
    return PROMISE_BROKEN if answer.question == "cover" and not answer.is_met else OK


def question_of(options: argparse.Namespace) -> Literal["best", "needs", "all"]:
    """Which question the options ask."""
    if options.all:
        return "all"
    limited = options.count is not None or options.budget is not None
    return "best" if limited and not (options.needs or options.fewest) else "needs"


def check(options: argparse.Namespace) -> None:
    """Raise WrongUse for options that contradict each other."""
    if options.write and options.write_variant is not None:
        raise WrongUse("--write and --write-variant: give one of them")
    if options.write and (options.fresh or plan_said(options.plan, options.variant)[1]):
        raise WrongUse("--write adds to the plan as it stands; with --fresh or --variant, use --write-variant NAME")
    if options.all and options.needs:
        raise WrongUse("--all and --needs: give one of them")


def check_name(name: str | None, plan: Plan) -> None:
    """Raise WrongUse for a new variant's name that is none, or that the plan has, before anything is searched for."""
    from seamline.contract.scalars import ScalarError
    from seamline.site.quantities import IDENT

    if name is None:
        return
    try:
        IDENT.read(name)
    except ScalarError:
        raise WrongUse(f"--write-variant {name!r}: give {IDENT.wanted}") from None
    if name in plan.variants:
        raise WrongUse(f"the plan has a variant {name!r} already; choose another name")


def nodes_of(asked: Question, answer: Answer) -> list[Node]:
    """The chosen candidates as nodes, with ids that the plan does not have."""
    from seamline.site.placement.writing import names

    ids = names(asked.site.plan, len(answer.chosen))
    return [asked.node(number, ident) for number, ident in zip(answer.chosen, ids, strict=True)]


def table(asked: Question, answer: Answer, nodes: list[Node]) -> Iterator[str]:
    """What people read."""
    from seamline.site.placement.advice import barred_by_reason

    currency = asked.site.plan.prices.currency
    stand = quantity(len(asked.nodes), "node stands", "nodes stand")
    yield f"{quantity(len(asked.offers), 'candidate')}, {quantity(asked.problem.sees.width, 'cell')}, {stand}"
    for shut in barred_by_reason(asked.problem):
        yield f"  cannot be built: {shut.text}"
    for note in asked.notes:
        yield f"  note: {note}"
    for number, node in zip(answer.chosen, nodes, strict=True):
        where = f"{node.place.x_m:8.2f} {node.place.y_m:8.2f} m, {node.height_m:g} m up"
        aim = f"heading {node.heading_deg:g}, tilt {node.tilt_deg:g}"
        price = int(asked.problem.cost[number]) / 100
        fed = "" if node.power is None else f", on {node.power.supply or node.power.kit or node.power.kind}"
        yield f"  {node.id:<12} {node.part}{' ' + node.lens if node.lens else ''}  {where}, {aim}  {price:,.2f}  {node.title}{fed}"
    for one in asked.bought:
        pieces = quantity(one.pieces, "further switch", "further switches")
        yield f"  {pieces} {one.part} in {one.supply}  {one.cents / 100:,.2f}"
    yield f"{quantity(len(nodes), 'new node')}, {answer.cost / 100:,.2f} {currency}"
    yield from bill_lines(asked, answer, currency)
    before = asked.problem.sees.seen_by(asked.problem.existing)
    for (zone, need, was), (_, _, now) in zip(asked.shares(before), asked.shares(answer.counts), strict=True):
        word = "met" if now >= need.share else "not met"
        yield f"  {zone.id}: {need.of} by {need.k}: {percent(was)} -> {percent(now)} of {need.share * 100:g}% wanted, {word}"
    yield verdict(answer, currency)
    if answer.lacks:
        yield shortage(answer)
    for advice in answer.advice:
        yield f"  {advice.text}"


def bill_lines(asked: Question, answer: Answer, currency: str) -> Iterator[str]:
    """What the bill of materials grows by, and why that is not what placement reckoned."""
    from seamline.site.placement.bill import billed

    if not answer.chosen:
        return
    bill = billed(asked, answer)
    yield f"  the bill of materials grows by {bill.cents / 100:,.2f} {currency}" + (":" if bill.differences else ", just as much")
    for one in bill.differences:
        yield f"    {one.cents / 100:+,.2f} {one.why}"


def verdict(answer: Answer, currency: str) -> str:
    """How good it is, and how good it can be."""
    if answer.question == "cover" and answer.price == "cost":
        value, bound = (f"{cents / 100:,.2f} {currency}" for cents in (answer.value, answer.bound))
    elif answer.question == "cover":
        value, bound = quantity(answer.value, "node"), f"{answer.bound:,}"
    else:
        value, bound = (
            f"{answer.value / max(1, answer.total):.2%} of what all cells are worth",
            f"{answer.bound / max(1, answer.total):.2%}",
        )
    if answer.is_proven:
        return f"{value}: proven optimal"
    why = {"time": "the time limit was hit", "cancelled": "it was stopped", "work": "the limit on work was hit", "": ""}[
        answer.stop
    ]
    return f"{value}; bound {bound}, gap {answer.gap:.2%}: not proven, {why}"


def shortage(answer: Answer) -> str:
    """What the needs' shares lack, where a count or budget does not do for them, and whether less is possible."""
    whole = max(1, answer.total)
    text = f"not all shares are kept: what lacks is {answer.lacks / whole:.2%} of what all cells are worth"
    if answer.lacks == answer.least_lack:
        return f"{text}: proven, no choice lacks less"
    return f"{text}; no choice lacks less than {answer.least_lack / whole:.2%}"


def document(asked: Question, answer: Answer, nodes: list[Node]) -> dict[str, object]:
    """What programs read. Money in cents, lengths in metres of the plan's frame."""
    from seamline.site.placement.as_json import answer_json

    chosen: list[dict[str, object]] = []
    for number, node in zip(answer.chosen, nodes, strict=True):
        candidate, mounting = asked.candidate(number)
        lon, lat = asked.site.frame.degrees(candidate.spot.x, candidate.spot.y)
        chosen.append({
            "id": node.id, "mounting": mounting.id, "spot": candidate.spot.name, "part": node.part, "lens": node.lens,
            "x_m": candidate.spot.x, "y_m": candidate.spot.y, "lon": round(lon, 8), "lat": round(lat, 8), "height_m": node.height_m,
            "heading_deg": node.heading_deg, "tilt_deg": node.tilt_deg, "cents": int(asked.problem.cost[number]),
            "power": None if node.power is None else {"from": node.power.kind, "supply": node.power.supply, "kit": node.power.kit},
        })  # fmt: skip
    return {
        "plan": str(asked.site.plan.file), "variant": asked.site.plan.variant, **answer_json(asked, answer), "chosen": chosen,
        "unseen_cells": len(answer.unseen), "short_cells": len(answer.short), "excluded_cells": len(answer.excluded),
        "advice": [{"relax": one.relax, "text": one.text, "least": one.least, "enough": one.enough, "cells": one.cells} for one in answer.advice],
    }  # fmt: skip


def write(options: argparse.Namespace, asked: Question, nodes: list[Node]) -> None:
    """Write the nodes into the plan file; what would not be a plan is not written."""
    from seamline.cli.site import replace
    from seamline.site.placement.varying import with_variant_on
    from seamline.site.placement.writing import with_nodes, with_variant

    plan = asked.site.plan
    old = plan.file.read_text(encoding="utf-8")
    if options.write:
        new = with_nodes(old, nodes)
    else:
        removed = [name for name, node in plan.nodes.items() if options.fresh and node.part and name not in asked.nodes]
        title = f"{quantity(len(nodes), 'node')} placed" + (f", {len(removed)} taken out" if removed else "")
        if plan.variant is None:
            new = with_variant(old, options.write_variant, title, nodes, removed)
        else:
            title = f"{plan.variants[plan.variant].title}; {title}"
            new = with_variant_on(old, plan.variant, options.write_variant, title, nodes, removed)
    replace(plan.file, new)
    try:
        planned(plan.file, options.write_variant)
    except PromiseBroken:
        replace(plan.file, old)
        raise
    where = f"as variant {options.write_variant}" if options.write_variant else "among its nodes"
    sys.stderr.write(f"{plan.file}: {quantity(len(nodes), 'node')} written {where}\n")


class Shown:
    """Progress on a terminal's standard error; told to stop by Ctrl-C."""

    def __init__(self) -> None:
        self.is_stopped = False
        self._is_live = sys.stderr.isatty()
        self._last_s = 0.0

    def tell(self, progress: Progress) -> bool:
        """See effort.Watch."""
        now = time.monotonic()
        if self._is_live and now - self._last_s > SHOW_EVERY_S:
            self._last_s = now
            known = f"found {progress.value:,}" if progress.value is not None else "nothing found yet"
            bound = f", bound {progress.bound:,}" if progress.bound is not None else ""
            part = f" {progress.done}/{progress.of}" if progress.of else ""
            sys.stderr.write(f"\r\x1b[K{progress.phase}{part}: {known}{bound}")
            sys.stderr.flush()
        return not self.is_stopped

    def stop(self, _signal: int, _frame: FrameType | None) -> None:
        """Ctrl-C: answer with what there is; a second one ends the command."""
        self.is_stopped = True
        signal.signal(signal.SIGINT, signal.default_int_handler)

    def end(self) -> None:
        """Take the line away."""
        if self._is_live:
            sys.stderr.write("\r\x1b[K")


@contextmanager
def shown() -> Generator[Shown]:
    """Show progress, and let Ctrl-C end the search instead of the command."""
    made = Shown()
    before = signal.signal(signal.SIGINT, made.stop)
    try:
        yield made
    finally:
        signal.signal(signal.SIGINT, before)
        made.end()
