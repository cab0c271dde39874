"""The sheets of words and figures: bill of materials, devices, cables, power, coverage."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from seamline.site.coverage.result import NeedCoverage, ZoneCoverage
from seamline.site.documents.blind import Spot, causes_text, need_text, share_text, spots
from seamline.site.documents.bom import Bom, BomLine, bom
from seamline.site.documents.design import Design
from seamline.site.documents.devices import Device, devices
from seamline.site.documents.labour import Work
from seamline.site.documents.listing import Field, figure, listed
from seamline.site.documents.sheets import Draft, Flow, Row, Table, Words
from seamline.site.documents.views import (
    AnswerView,
    CableView,
    FailureView,
    LinkView,
    NodePower,
    OptionView,
    RadioView,
    SwitchView,
    TermView,
)
from seamline.site.power.figures import amount as amount_text


def dark_text(node: NodePower) -> str:
    """The share of days that go dark; of a clear sky it is the least that there is."""
    bound = " at best" if node.upper_bound else ""
    return "" if node.dark_share is None else f"{node.dark_share * 100:.2f} %{bound}"


def term_text(term: TermView) -> str:
    """A term's value with its unit; a bare number has none."""
    return amount_text(term.value) if term.unit == "1" else f"{amount_text(term.value)} {term.unit}"


SOURCES: Final[tuple[Field[BomLine], ...]] = (
    Field("part", 22, lambda line: line.part.id),
    Field("asked for by", 40, lambda line: line.asked_by),
    Field("price from", 30, lambda line: line.price_from if line.price else ""),
    Field("figures from", 40, lambda line: line.part.source),
)
HOURS: Final[tuple[Field[Work], ...]] = (
    Field("of", 22, lambda work: work.what),
    Field("what", 60, lambda work: work.title),
    figure("how much", 18, lambda work: work.amount),
    Field("from", 60, lambda work: work.origin),
)
DEVICES: Final[tuple[Field[Device], ...]] = (
    Field("id", 16, lambda one: one.id),
    Field("what", 12, lambda one: one.role),
    Field("title", 30, lambda one: one.title),
    Field("part", 22, lambda one: one.part or ""),
    figure("x m", 11, lambda one: f"{one.x:.2f}"),
    figure("y m", 11, lambda one: f"{one.y:.2f}"),
    figure("longitude", 17, lambda one: f"{one.lon:.7f}"),
    figure("latitude", 17, lambda one: f"{one.lat:.7f}"),
    figure("height m", 12, lambda one: f"{one.height_m:.2f}"),
    figure("bearing", 12, lambda one: "" if one.bearing_deg is None else f"{one.bearing_deg:.1f}°"),
    figure("tilt", 8, lambda one: "" if one.tilt_deg is None else f"{one.tilt_deg:g}°"),
    Field("power", 26, lambda one: one.power),
    Field("", 10, lambda one: "exists" if one.existing else ""),
)
LINKS: Final[tuple[Field[LinkView], ...]] = (
    Field("from", 22, lambda link: link.a),
    Field("to", 22, lambda link: link.b),
    Field("radio", 14, lambda link: link.radio),
    Field("rate", 14, lambda link: link.rate or "none holds"),
    figure("length m", 12, lambda link: f"{link.metres:.1f}"),
    figure("loss dB", 12, lambda link: f"{link.loss_db:.1f}"),
    figure("margin dB", 12, lambda link: f"{link.margin_db:.1f}"),
    figure("spare dB", 12, lambda link: f"{link.spare_db:.1f}"),
    Field("", 24, lambda link: "in use" if link.used else ""),
)
FAILURES: Final[tuple[Field[FailureView], ...]] = (
    Field("what", 12, lambda one: one.kind),
    Field("which", 40, lambda one: one.what),
    Field("dark without it", 90, lambda one: ", ".join(one.dark)),
)
CABLES: Final[tuple[Field[CableView], ...]] = (
    Field("cable", 16, lambda row: row.id),
    Field("from", 16, lambda row: row.source),
    Field("to", 16, lambda row: row.device),
    Field("part", 20, lambda row: row.part),
    Field("use", 12, lambda row: row.use),
    figure("buy m", 10, lambda row: f"{row.metres:.1f}"),
    figure("on routes m", 12, lambda row: f"{row.route_m:.1f}"),
    figure("leads m", 10, lambda row: f"{row.lead_m:.1f}"),
    figure("drop", 8, lambda row: "" if row.drop_share is None else f"{row.drop_share * 100:.1f} %"),
    Field("along", 30, lambda row: ", ".join(row.lines)),
    Field("what does not hold", 40, lambda row: "; ".join(row.problems)),
)
SWITCHES: Final[tuple[Field[SwitchView], ...]] = (
    Field("switch", 20, lambda one: one.id),
    figure("how many", 12, lambda one: str(one.count)),
    figure("devices", 12, lambda one: str(one.devices)),
    figure("ports", 12, lambda one: str(one.ports)),
    figure("reserved W", 14, lambda one: f"{one.reserved_w:g}"),
    figure("budget W", 14, lambda one: f"{one.budget_w:g}"),
    Field("dark without it", 60, lambda one: ", ".join(one.dark)),
    Field("what does not hold", 80, lambda one: "; ".join(one.problems)),
)
UNPOWERED: Final[tuple[Field[Device], ...]] = (
    Field("device", 20, lambda one: one.id),
    Field("fed by", 60, lambda one: one.power),
)
NODES: Final[tuple[Field[NodePower], ...]] = (
    Field("node", 16, lambda node: node.node),
    Field("fed by", 28, lambda node: node.source),
    figure("uses a day", 14, lambda node: "not known" if node.daily_wh is None else f"{node.daily_wh:.3g} Wh"),
    figure("lasts without sun", 16, lambda node: "" if node.autonomy_d is None else f"{node.autonomy_d:.1f} d"),
    figure("days that go dark", 16, dark_text),
    Field("worst month", 14, lambda node: node.worst_month or ""),
    Field("", 60, lambda node: "; ".join(node.notes)),
)
OPTIONS: Final[tuple[Field[OptionView], ...]] = (
    Field("way", 50, lambda one: one.name),
    figure("J a day", 16, lambda one: f"{one.joules:.4g}"),
    figure("bytes a day", 16, lambda one: f"{one.bytes_sent:.4g}"),
    figure("answer after s", 16, lambda one: f"{one.latency_s:.3g}"),
    Field("why not", 60, lambda one: "; ".join(one.refusals)),
)
TERMS: Final[tuple[Field[TermView], ...]] = (
    Field("what", 36, lambda term: term.name),
    figure("how much", 18, term_text),
    Field("worked out", 46, lambda term: term.working),
    Field("from", 60, lambda term: term.source),
)
SPOTS: Final[tuple[Field[Spot], ...]] = (
    Field("blind spot", 30, lambda spot: spot.name),
    Field("zone", 24, lambda spot: spot.zone),
    figure("area m²", 12, lambda spot: f"{spot.blind.area_m2:.1f}"),
    Field("because of", 90, lambda spot: causes_text(spot.blind, most=5)),
)


def bom_sheets(design: Design) -> tuple[Draft, ...]:
    """The bill of materials."""
    found = bom(design)
    flow = Flow("bom", "Bill of materials")
    flow.add(bom_table(found))
    flow.add(Words(found.verdict, alarm=found.left is not None and found.left.cents < 0))
    if found.unpriced:
        flow.add(Words(f"Without a price, and not in the total: {', '.join(found.unpriced)}."))
    for lack in found.lacks:
        flow.add(Words(f"Not in the total: {lack}."))
    flow.add(Words("Where the figures come from", heading=True), listed(SOURCES, found.lines))
    if found.works:
        flow.add(Words("Where the hours come from", heading=True), listed(HOURS, found.works))
    return flow.drafts()


def bom_table(found: Bom) -> Table:
    """The lines with their prices, the work, and the total."""
    fields: tuple[Field[BomLine], ...] = (
        Field("kind", 12, lambda line: line.part.kind),
        Field("part", 22, lambda line: line.part.id),
        Field("what it is", 46, lambda line: line.part.title + (" (a class of products)" if line.part.generic else "")),
        figure("needed", 9, lambda line: str(line.needed)),
        figure("spares", 9, lambda line: str(line.spares)),
        figure("to buy", 10, lambda line: f"{line.quantity} {line.unit}"),
        figure("each", 16, lambda line: str(line.price) if line.price else line.price_from),
        figure("together", 18, lambda line: amount(line.cents, found.currency)),
    )
    works = (
        Row(("labour", work.what, work.title, "", "", work.amount, str(work.each), amount(work.cents, found.currency)))
        for work in found.works
    )
    total = f"{'at least ' if found.at_least else ''}{found.total}"
    last = (*works, Row(("total", "", "", "", "", "", "", total), strong=True))
    return listed(fields, found.lines, alarm=lambda line: line.price is None, last=last)


def amount(cents: int | None, currency: str) -> str:
    """Cents as an amount; nothing for None."""
    return "" if cents is None else f"{cents // 100}.{cents % 100:02d} {currency}"


def device_sheets(design: Design) -> tuple[Draft, ...]:
    """Every device with its place and aim; bearings are from true north."""
    flow = Flow("devices", "Devices")
    flow.add(listed(DEVICES, devices(design), "the plan has no devices"))
    return flow.drafts()


def link_sheets(design: Design) -> tuple[Draft, ...]:
    """The radio links, what is dark without what, and everything that is to be said of them; none where nothing has a radio."""
    radio = design.radio
    if radio is None:
        return ()
    flow = Flow("links", "Radio links")
    flow.add(
        Words(f"{radio.kind}, with a fade margin of {radio.fade_margin_db:g} dB."),
        listed(LINKS, radio.links, "no two radios hear each other", strong=lambda link: link.used),
    )
    flow.add(*link_words(radio))
    flow.add(Words("Single points of failure", heading=True), listed(FAILURES, radio.failures))
    flow.add(*(Words(note) for note in radio.notes))
    return flow.drafts()


def link_words(radio: RadioView) -> Iterator[Words]:
    """What does not hold of the radio network, who is not heard, and what is put up."""
    yield from (Words(text, alarm=True) for text in radio.problems)
    yield from (Words(f"{ident} is not heard by any gateway: {text}", alarm=True) for ident, text in radio.unheard.items())
    yield from (Words(f"Put up besides the plan's: {one.id} ({one.part}).") for one in radio.put_up)


def cable_sheets(design: Design) -> tuple[Draft, ...]:
    """The cable schedule; what is not there is said."""
    flow = Flow("cables", "Cable schedule")
    cables = design.cables
    if cables is None:
        flow.add(Words(f"There is no cable schedule: {why_not(design, 'cables')}.", alarm=True))
        return flow.drafts()
    flow.add(listed(CABLES, cables.rows, "no cables", alarm=lambda row: bool(row.problems)))
    flow.add(
        Words(f"Routes in use: {cables.trench_m:.1f} m; any that connect the same take at least {cables.trench_bound_m:.1f} m.")
    )
    for ident, why in cables.unroutable.items():
        flow.add(Words(f"{ident}: {why}", alarm=True))
    for use in cables.unlaid:
        flow.add(Words(f"Cables for {use} are not laid: the plan does not name one.", alarm=True))
    if cables.sockets:
        flow.add(Words(f"Fed from a socket that is taken to be there, for the plan has no mains: {', '.join(cables.sockets)}."))
    if cables.switches:
        table = listed(SWITCHES, cables.switches, alarm=lambda one: bool(one.problems))
        flow.add(Words("Switches", heading=True), table)
    return flow.drafts()


def power_sheets(design: Design) -> tuple[Draft, ...]:
    """The power sheet: every node in a line, then the arithmetic of those that have one."""
    flow = Flow("power", "Power sheet")
    power = design.power
    if power is None:
        flow.add(Words(f"Power is not worked out: {why_not(design, 'power')}.", alarm=True))
        flow.add(listed(UNPOWERED, devices(design), "the plan has no devices"))
        return flow.drafts()
    flow.add(listed(NODES, power.nodes, "no nodes", alarm=lambda node: node.met is False))
    flow.add(*(Words(note) for note in power.notes))
    for node in power.nodes:
        if node.terms:
            flow.add(Words(f"{node.node}: the arithmetic", heading=True), listed(TERMS, node.terms))
    for node in power.nodes:
        for answer in node.answers:
            flow.add(*answer_blocks(answer))
    return flow.drafts()


def answer_blocks(answer: AnswerView) -> Iterator[Words | Table]:
    """Where a workload is inferred, every way to do it, and the arithmetic of the best."""
    best = answer.options[0]
    yield Words("Infer here, or send it up?", heading=True)
    yield Words(answer.answer)
    yield listed(OPTIONS, answer.options)
    yield Words(f"The arithmetic of {best.name}:")
    yield listed(TERMS, best.terms)


def why_not(design: Design, what: str) -> str:
    """Why something was not worked out."""
    return next((absent.why for absent in design.absent if absent.what == what), "not worked out")


def coverage_sheets(design: Design) -> tuple[Draft, ...]:
    """Zones, their needs, and every blind spot with what causes it; then what the survey's import had to say."""
    fields: tuple[Field[tuple[ZoneCoverage, NeedCoverage]], ...] = (
        Field("zone", 30, lambda pair: design.site.zones[pair[0].zone].zone.title),
        Field("must be seen by", 50, lambda pair: need_text(pair[1].need)),
        figure("area m²", 12, lambda pair: f"{pair[0].area_m2:.0f}"),
        figure("must", 12, lambda pair: share_text(pair[1].need.share)),
        figure("is", 12, lambda pair: share_text(pair[1].share)),
        Field("", 12, lambda pair: "met" if pair[1].met else "NOT MET"),
        Field("alone: cells that go blind without", 50, lambda pair: alone_text(pair[1])),
    )
    pairs = [(zone, need) for zone in design.coverage.zones.values() for need in zone.needs]
    flow = Flow("coverage", "Coverage")
    flow.add(listed(fields, pairs, "the plan has no zones", alarm=lambda pair: not pair[1].met))
    flow.add(Words("Blind spots", heading=True), listed(SPOTS, spots(design.coverage)))
    if design.site.notes or design.absent:
        flow.add(Words("Notes", heading=True))
        flow.add(*(Words(str(note)) for note in (*design.absent, *design.site.notes)))
    return flow.drafts()


def alone_text(need: NeedCoverage) -> str:
    """The nodes without which cells fall below what is asked, with how many."""
    return ", ".join(f"{node} {cells}" for node, cells in need.alone.items() if cells)
