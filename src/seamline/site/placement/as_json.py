"""A placement's answer as JSON, as far as the command and the page say the same. Money in cents, shares from 0 to 1."""

from __future__ import annotations

from collections.abc import Mapping

from seamline.site.placement.advice import barred_by_reason
from seamline.site.placement.answer import Answer
from seamline.site.placement.bill import billed
from seamline.site.placement.on_site import Question


def bill_json(asked: Question, answer: Answer) -> dict[str, object] | None:
    """What the bill of materials grows by, with every difference from `cost_cents`; None where nothing was chosen."""
    if not answer.chosen:
        return None
    bill = billed(asked, answer)
    return {
        "cents": bill.cents,
        "differences": [{"why": one.why, "cents": one.cents} for one in bill.differences],
        "unpriced": list(bill.unpriced),
        "switches": [{"supply": one.supply, "part": one.part, "pieces": one.pieces, "cents": one.cents} for one in asked.bought],
    }


def answer_json(asked: Question, answer: Answer) -> dict[str, object]:
    """The question's size, whom it barred and why, what each need reaches, the answer's worth and bound, and what stands in the way."""
    before = asked.problem.sees.seen_by(asked.problem.existing)
    needs: list[Mapping[str, object]] = [
        {"zone": zone.id, "of": need.of, "k": need.k, "wanted": need.share, "before": round(was, 6), "after": round(now, 6)}
        for (zone, need, was), (_, _, now) in zip(asked.shares(before), asked.shares(answer.counts), strict=True)
    ]
    barred: list[Mapping[str, object]] = [
        {
            "reason": one.reason, "candidates": one.candidates, "relax": one.relax, "limit": one.limit,
            "nearest": one.nearest, "farthest": one.farthest, "unit": one.unit, "text": one.text,
        }
        for one in barred_by_reason(asked.problem)
    ]  # fmt: skip
    return {
        "question": answer.question,
        "candidates": len(asked.offers),
        "cells": asked.problem.sees.width,
        "standing": list(asked.nodes),
        "currency": asked.site.plan.prices.currency,
        "cost_cents": answer.cost,
        "bill": bill_json(asked, answer),
        "by": answer.price,
        "value": answer.value,
        "bound": answer.bound,
        "total": answer.total,
        "gap": round(answer.gap, 6),
        "proven": answer.is_proven,
        "lacks": answer.lacks,
        "least_lack": answer.least_lack,
        "stop": answer.stop,
        "needs": needs,
        "barred": barred,
        "notes": list(asked.notes),
    }
