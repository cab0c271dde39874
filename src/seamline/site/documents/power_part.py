"""The power of a site, as documents show it: six significant figures, more is noise of the arithmetic."""

from __future__ import annotations

from collections.abc import Iterable

from seamline.site.documents.devices import power_text
from seamline.site.documents.views import AnswerView, NodePower, OptionView, PowerView, TermView
from seamline.site.network.study import Study
from seamline.site.plan.site import Site
from seamline.site.power.figures import Term
from seamline.site.power.plan_power import NodePower as Found, site_power
from seamline.site.power.workload import Option, Verdict


def power_view(site: Site, study: Study) -> PowerView:
    """Every node's power, at the rate that its link allows; SiteError (PvgisError) for a damaged weather file."""
    rates = {ident: rate for ident, way in study.ways.items() if way.links and (rate := way.links[0].rate) is not None}
    found = site_power(site, rates)
    return PowerView(nodes=tuple(node_view(site, node) for node in found.nodes), notes=found.notes)


def node_view(site: Site, node: Found) -> NodePower:
    """One node."""
    return NodePower(
        node=node.node,
        source=power_text(site.plan.nodes[node.node].power),
        daily_wh=None if node.load is None else figures(node.load.watt_hours),
        autonomy_d=None if node.autonomy_days is None else figures(node.autonomy_days),
        dark_share=None if node.dark_share is None else figures(node.dark_share),
        worst_month=node.worst_month,
        upper_bound=node.upper_bound,
        met=node.met,
        terms=terms_view(node.terms),
        notes=(*node.misfits, *node.notes),
        answers=tuple(map(answer_view, node.verdicts)),
    )


def figures(value: float) -> float:
    """Six significant figures."""
    return float(f"{value:.6g}")


def terms_view(terms: Iterable[Term]) -> tuple[TermView, ...]:
    """Lines of arithmetic; what is assumed or a bound says so with its source."""
    return tuple(
        TermView(
            term.name,
            figures(term.value),
            term.unit,
            term.working,
            term.source if term.kind in {"given", "derived"} else f"{term.kind}: {term.source}",
        )
        for term in terms
    )


def answer_view(verdict: Verdict) -> AnswerView:
    """Where a workload is inferred."""
    return AnswerView(verdict.answer, tuple(map(option_view, verdict.options)))


def option_view(option: Option) -> OptionView:
    """One way to do it."""
    return OptionView(
        option.name,
        figures(option.joules),
        figures(option.bytes_sent),
        figures(option.latency_s),
        option.refusals,
        terms_view(option.terms),
    )
