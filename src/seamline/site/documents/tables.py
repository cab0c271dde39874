"""The sheets of words and figures: bill of materials, devices, cables, power, coverage."""

from __future__ import annotations

from collections.abc import Iterator

from seamline.site.documents.blind import causes_text, need_text, share_text, spots
from seamline.site.documents.bom import Bom, bom
from seamline.site.documents.design import Design
from seamline.site.documents.devices import devices
from seamline.site.documents.sheets import Column, Draft, Flow, Row, Table, Words
from seamline.site.documents.views import AnswerView, NodePower, SwitchView, TermView
from seamline.site.power.figures import amount as amount_text


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
    flow.add(Words("Where the figures come from", heading=True))
    columns = (Column("part", 22), Column("asked for by", 40), Column("price from", 30), Column("figures from", 40))
    rows = tuple(
        Row((line.part.id, line.asked_by, line.price_from if line.price else "", line.part.source)) for line in found.lines
    )
    flow.add(Table(columns, rows))
    return flow.drafts()


def bom_table(found: Bom) -> Table:
    """The lines with their prices, and the total."""
    columns = (
        Column("kind", 12),
        Column("part", 22),
        Column("what it is", 46),
        Column("needed", 9, "end"),
        Column("spares", 9, "end"),
        Column("to buy", 10, "end"),
        Column("each", 16, "end"),
        Column("together", 18, "end"),
    )
    rows = [
        Row(
            (
                line.part.kind,
                line.part.id,
                line.part.title + (" (a class of products)" if line.part.generic else ""),
                str(line.needed),
                str(line.spares),
                f"{line.quantity} {line.unit}",
                str(line.price) if line.price else line.price_from,
                amount(line.cents, found.currency),
            ),
            alarm=line.price is None,
        )
        for line in found.lines
    ]
    total = f"{'at least ' if found.at_least else ''}{found.total}"
    rows.append(Row(("total", "", "", "", "", "", "", total), strong=True))
    return Table(columns, tuple(rows))


def amount(cents: int | None, currency: str) -> str:
    """Cents as an amount; nothing for None."""
    return "" if cents is None else f"{cents // 100}.{cents % 100:02d} {currency}"


def device_sheets(design: Design) -> tuple[Draft, ...]:
    """Every device with its place and aim; bearings are from true north."""
    flow = Flow("devices", "Devices")
    columns = (
        Column("id", 16),
        Column("what", 12),
        Column("title", 30),
        Column("part", 22),
        Column("x m", 11, "end"),
        Column("y m", 11, "end"),
        Column("longitude", 17, "end"),
        Column("latitude", 17, "end"),
        Column("height m", 12, "end"),
        Column("bearing", 12, "end"),
        Column("tilt", 8, "end"),
        Column("power", 26),
        Column("", 10),
    )
    rows = tuple(
        Row(
            (
                one.id,
                one.role,
                one.title,
                one.part or "",
                f"{one.x:.2f}",
                f"{one.y:.2f}",
                f"{one.lon:.7f}",
                f"{one.lat:.7f}",
                f"{one.height_m:.2f}",
                "" if one.bearing_deg is None else f"{one.bearing_deg:.1f}°",
                "" if one.tilt_deg is None else f"{one.tilt_deg:g}°",
                one.power,
                "exists" if one.existing else "",
            )
        )
        for one in devices(design)
    )
    flow.add(Table(columns, rows, "the plan has no devices"))
    return flow.drafts()


def link_sheets(design: Design) -> tuple[Draft, ...]:
    """The radio links, what is dark without what, and everything that is to be said of them; none where nothing has a radio."""
    radio = design.radio
    if radio is None:
        return ()
    flow = Flow("links", "Radio links")
    columns = (
        Column("from", 22),
        Column("to", 22),
        Column("radio", 14),
        Column("rate", 14),
        Column("length m", 12, "end"),
        Column("loss dB", 12, "end"),
        Column("margin dB", 12, "end"),
        Column("spare dB", 12, "end"),
        Column("", 24),
    )
    rows = tuple(
        Row(
            (
                link.a,
                link.b,
                link.radio,
                link.rate or "none holds",
                f"{link.metres:.1f}",
                f"{link.loss_db:.1f}",
                f"{link.margin_db:.1f}",
                f"{link.spare_db:.1f}",
                "in use" if link.used else "",
            ),
            strong=link.used,
        )
        for link in radio.links
    )
    flow.add(
        Words(f"{radio.kind}, with a fade margin of {radio.fade_margin_db:g} dB."),
        Table(columns, rows, "no two radios hear each other"),
    )
    flow.add(*(Words(text, alarm=True) for text in radio.problems))
    flow.add(*(Words(f"{ident} is not heard by any gateway: {text}", alarm=True) for ident, text in radio.unheard.items()))
    flow.add(*(Words(f"Put up besides the plan's: {one.id} ({one.part}).") for one in radio.put_up))
    flow.add(Words("Single points of failure", heading=True))
    dark = tuple(Row((one.kind, one.what, ", ".join(one.dark))) for one in radio.failures)
    flow.add(Table((Column("what", 12), Column("which", 40), Column("dark without it", 90)), dark))
    flow.add(*(Words(note) for note in radio.notes))
    return flow.drafts()


def cable_sheets(design: Design) -> tuple[Draft, ...]:
    """The cable schedule; what is not there is said."""
    flow = Flow("cables", "Cable schedule")
    cables = design.cables
    if cables is None:
        why = next((absent.why for absent in design.absent if absent.what == "cables"), "not worked out")
        flow.add(Words(f"There is no cable schedule: {why}.", alarm=True))
        return flow.drafts()
    columns = (
        Column("cable", 16),
        Column("from", 16),
        Column("to", 16),
        Column("part", 20),
        Column("use", 12),
        Column("buy m", 10, "end"),
        Column("on routes m", 12, "end"),
        Column("leads m", 10, "end"),
        Column("drop", 8, "end"),
        Column("along", 30),
        Column("what does not hold", 40),
    )
    rows = tuple(
        Row(
            (
                row.id,
                row.source,
                row.device,
                row.part,
                row.use,
                f"{row.metres:.1f}",
                f"{row.route_m:.1f}",
                f"{row.lead_m:.1f}",
                "" if row.drop_share is None else f"{row.drop_share * 100:.1f} %",
                ", ".join(row.lines),
                "; ".join(row.problems),
            ),
            alarm=bool(row.problems),
        )
        for row in cables.rows
    )
    flow.add(Table(columns, rows, "no cables"))
    flow.add(
        Words(f"Routes in use: {cables.trench_m:.1f} m; any that connect the same take at least {cables.trench_bound_m:.1f} m.")
    )
    for ident, why in cables.unroutable.items():
        flow.add(Words(f"{ident}: {why}", alarm=True))
    for use in cables.unlaid:
        flow.add(Words(f"Cables for {use} are not laid: the plan does not name one.", alarm=True))
    if cables.switches:
        flow.add(Words("Switches", heading=True), switches_table(cables.switches))
    return flow.drafts()


def switches_table(switches: tuple[SwitchView, ...]) -> Table:
    """What each switch feeds."""
    columns = (
        Column("switch", 20),
        Column("devices", 12, "end"),
        Column("ports", 12, "end"),
        Column("reserved W", 14, "end"),
        Column("budget W", 14, "end"),
        Column("what does not hold", 80),
    )
    rows = tuple(
        Row(
            (one.id, str(one.devices), str(one.ports), f"{one.reserved_w:g}", f"{one.budget_w:g}", "; ".join(one.problems)),
            alarm=bool(one.problems),
        )
        for one in switches
    )
    return Table(columns, rows)


def power_sheets(design: Design) -> tuple[Draft, ...]:
    """The power sheet: every node in a line, then the arithmetic of those that have one."""
    flow = Flow("power", "Power sheet")
    power = design.power
    if power is None:
        why = next((absent.why for absent in design.absent if absent.what == "power"), "not worked out")
        flow.add(Words(f"Power is not worked out: {why}.", alarm=True))
        columns = (Column("device", 20), Column("fed by", 60))
        flow.add(Table(columns, tuple(Row((one.id, one.power)) for one in devices(design)), "the plan has no devices"))
        return flow.drafts()
    columns = (
        Column("node", 16),
        Column("fed by", 28),
        Column("uses a day", 14, "end"),
        Column("lasts without sun", 16, "end"),
        Column("days that go dark", 16, "end"),
        Column("worst month", 14),
        Column("", 60),
    )
    flow.add(Table(columns, tuple(power_row(node) for node in power.nodes), "no nodes"))
    for note in power.notes:
        flow.add(Words(note))
    for node in power.nodes:
        if node.terms:
            flow.add(Words(f"{node.node}: the arithmetic", heading=True), terms_table(node.terms))
    for node in power.nodes:
        for answer in node.answers:
            flow.add(Words("Infer here, or send it up?", heading=True), Words(answer.answer), options_table(answer))
            flow.add(Words(f"The arithmetic of {answer.options[0].name}:"), terms_table(answer.options[0].terms))
    return flow.drafts()


def options_table(answer: AnswerView) -> Table:
    """Every way to do a workload."""
    columns = (
        Column("way", 50),
        Column("J a day", 16, "end"),
        Column("bytes a day", 16, "end"),
        Column("answer after s", 16, "end"),
        Column("why not", 60),
    )
    rows = tuple(
        Row((one.name, f"{one.joules:.4g}", f"{one.bytes_sent:.4g}", f"{one.latency_s:.3g}", "; ".join(one.refusals)))
        for one in answer.options
    )
    return Table(columns, rows)


def power_row(node: NodePower) -> Row:
    """A node's line of the power sheet."""
    bound = " at best" if node.upper_bound else ""
    return Row(
        (
            node.node,
            node.source,
            "not known" if node.daily_wh is None else f"{node.daily_wh:.3g} Wh",
            "" if node.autonomy_d is None else f"{node.autonomy_d:.1f} d",
            "" if node.dark_share is None else f"{node.dark_share * 100:.2f} %{bound}",
            node.worst_month or "",
            "; ".join(node.notes),
        ),
        alarm=node.met is False,
    )


def terms_table(terms: tuple[TermView, ...]) -> Table:
    """Arithmetic, line by line."""
    columns = (Column("what", 36), Column("how much", 18, "end"), Column("worked out", 46), Column("from", 60))
    rows = tuple(Row((term.name, term_text(term), term.working, term.source)) for term in terms)
    return Table(columns, rows)


def term_text(term: TermView) -> str:
    """A term's value with its unit; a bare number has none."""
    return amount_text(term.value) if term.unit == "1" else f"{amount_text(term.value)} {term.unit}"


def coverage_sheets(design: Design) -> tuple[Draft, ...]:
    """Zones, their needs, and every blind spot with what causes it; then what the survey's import had to say."""
    flow = Flow("coverage", "Coverage")
    columns = (
        Column("zone", 30),
        Column("must be seen by", 50),
        Column("area m²", 12, "end"),
        Column("must", 12, "end"),
        Column("is", 12, "end"),
        Column("", 12),
        Column("alone: cells that go blind without", 50),
    )
    flow.add(Table(columns, tuple(zone_rows(design)), "the plan has no zones"))
    flow.add(Words("Blind spots", heading=True))
    columns = (Column("blind spot", 30), Column("zone", 24), Column("area m²", 12, "end"), Column("because of", 90))
    rows = tuple(
        Row((spot.name, spot.zone, f"{spot.blind.area_m2:.1f}", causes_text(spot.blind, most=5)))
        for spot in spots(design.coverage)
    )
    flow.add(Table(columns, rows))
    if design.site.notes or design.absent:
        flow.add(Words("Notes", heading=True))
        for note in (*design.absent, *design.site.notes):
            flow.add(Words(str(note)))
    return flow.drafts()


def zone_rows(design: Design) -> Iterator[Row]:
    """A line for each need of each zone."""
    for zone in design.coverage.zones.values():
        for need in zone.needs:
            alone = ", ".join(f"{node} {cells}" for node, cells in need.alone.items() if cells)
            cells = (
                design.site.zones[zone.zone].zone.title,
                need_text(need.need),
                f"{zone.area_m2:.0f}",
                share_text(need.need.share),
                share_text(need.share),
                "met" if need.met else "NOT MET",
                alone,
            )
            yield Row(cells, alarm=not need.met)
