"""The power of a whole site: each node's day, what feeds it and whether that lasts; PoE by switch; where to infer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from seamline.contract.problems import ContractErrors
from seamline.site.catalogue import parts
from seamline.site.frame import SiteError
from seamline.site.network.copper import PoeBudget
from seamline.site.network.on_site import budgets_of
from seamline.site.network.study import study
from seamline.site.plan.model import Node, Plan
from seamline.site.plan.site import Site
from seamline.site.power import pvgis, sky, weather
from seamline.site.power.balance import Balance, Conditions, balance
from seamline.site.power.battery import YEAR_DAYS, Battery, primary_days, usable
from seamline.site.power.figures import PowerError, Term
from seamline.site.power.kit_fit import misfits
from seamline.site.power.load import Load
from seamline.site.power.panel import Array
from seamline.site.power.plan_load import node_load
from seamline.site.power.plan_parts import SOILING_SHARE, array_of, battery_of, engine_of, model_of, needed, uplink_of
from seamline.site.power.skyline import skylines, spoken
from seamline.site.power.workload import Verdict, Workload, decide

PLANNED_YEARS = 5.0
"""The battery's age for which a kit must do; assumed, and said with each result."""
AIR_C = 20.0
UNFED = "the plan does not say what feeds it: give 'power', such as 'power: {from: mains}' or '{from: solar, kit: NAME}'"


@dataclass(frozen=True, slots=True, kw_only=True)
class NodePower:
    """A node's power. On a kit: days without sun (or until a primary battery is empty), the share of days that go dark (0 to 1).

    `met` says whether the kit lasts as the plan asks; None where nothing is asked, nothing is known, or only an upper bound says so.
    `misfits` are parts of its kit that do not go together; with any, `met` is False.
    """

    node: str
    kind: str
    load: Load | None
    autonomy_days: float | None = None
    dark_share: float | None = None
    worst_month: str | None = None
    upper_bound: bool = False
    met: bool | None = None
    terms: tuple[Term, ...] = ()
    notes: tuple[str, ...] = ()
    balance: Balance | None = None
    verdicts: tuple[Verdict, ...] = ()
    misfits: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SwitchPower:
    """What a PoE switch gives, as the network works it out: reserved by class, and drawn at most, of its budget (W).

    `refusals` say what it cannot, `remedies` what would help; `doubts` hold for switches that allot whole classes.
    """

    switch: str
    reserved_w: float
    drawn_w: float
    budget_w: float
    devices: int
    ports: int
    refusals: tuple[str, ...] = ()
    doubts: tuple[str, ...] = ()
    remedies: tuple[str, ...] = ()

    @property
    def spare_w(self) -> float:
        """What is left of the budget beside what is reserved."""
        return self.budget_w - self.reserved_w

    @property
    def spare_ports(self) -> int:
        """Ports that feed nothing yet."""
        return self.ports - self.devices


@dataclass(frozen=True, slots=True)
class SitePower:
    """All nodes in the plan's order, and each switch with what it feeds. `notes` hold for all of them."""

    nodes: tuple[NodePower, ...]
    switches: tuple[SwitchPower, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def met(self) -> bool:
        """Whether nothing is known to fail."""
        return not any(node.met is False for node in self.nodes) and not any(one.refusals for one in self.switches)


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What is the same for all nodes: where the site is, its weather file, what links and horizons allow."""

    plan: Plan
    place: sky.Place
    file: pvgis.Hourly | pvgis.Monthly | None
    rates: Mapping[str, parts.Rate]
    horizons: Mapping[str, tuple[float, ...]] = field(default_factory=dict[str, tuple[float, ...]])
    no_far_horizon: str | None = None
    """Why the ground beyond the site is not in the horizons."""

    @property
    def air_c(self) -> tuple[float, ...]:
        """The months' temperatures that the plan gives; empty where it gives none."""
        return self.plan.weather.temperatures_c


def site_power(
    site: Site, rates: Mapping[str, parts.Rate] | None = None, horizons: Mapping[str, tuple[float, ...]] | None = None
) -> SitePower:
    """The power of a site's nodes.

    `rates` are what each node's link allows (None: as the network works them out), `horizons` elevations (degrees) round each node,
    evenly from north clockwise (None: by the terrain and what stands there). A node whose power cannot be worked out has the reason
    in its notes. PvgisError when the plan's weather file is damaged.
    """
    common = surroundings(site, rates, horizons)
    nodes = tuple(_node(common, node) for node in site.plan.nodes.values())
    return SitePower(nodes, tuple(_switch(found) for found in budgets_of(site)), _notes(common, nodes))


def surroundings(
    site: Site, rates: Mapping[str, parts.Rate] | None = None, horizons: Mapping[str, tuple[float, ...]] | None = None
) -> Surroundings:
    """What is the same for all nodes of a site; PvgisError when the plan's weather file is damaged.

    Without `horizons` they are worked out, where the light is not from a file that has PVGIS's own horizon in it.
    """
    file = _file(site.plan)
    why: str | None = None
    if horizons is None:
        own = file is None or (isinstance(file, pvgis.Hourly) and file.plane is None)
        horizons, why = skylines(site) if own else ({}, None)
    return Surroundings(site.plan, _place(site), file, _rates(site) if rates is None else rates, horizons, why)


def _rates(site: Site) -> dict[str, parts.Rate]:
    """The rate of each node's own link on its way to a gateway, by the network; nothing for nodes that reach none."""
    if all(node.radio is None for node in site.plan.nodes.values()):
        return {}
    own = {ident: way.links[0] for ident, way in study(site).ways.items() if way.links and ident in site.plan.nodes}
    return {ident: link.rate for ident, link in own.items() if link.rate is not None}


def _place(site: Site) -> sky.Place:
    middle = site.boundary.representative_point()
    longitude, latitude = site.frame.degrees(float(middle.x), float(middle.y))
    return sky.Place(latitude, longitude, min(max(site.level, 0.0), 9000.0))


def _file(plan: Plan) -> pvgis.Hourly | pvgis.Monthly | None:
    if plan.weather.pvgis is None:
        return None
    path = plan.beside(plan.weather.pvgis)
    try:
        text = path.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise PowerError(f"{path}: the weather cannot be read: {error}") from None
    return pvgis.read(text, path.name)


def _notes(common: Surroundings, nodes: Sequence[NodePower]) -> tuple[str, ...]:
    found: list[str] = []
    solar = any(node.kind == "solar" for node in nodes)
    if solar and common.file is None:
        found.append(f"no PVGIS file in the plan: {sky.UPPER_BOUND}; there will be more dark days")
    if solar:
        found.append(f"soiling takes {SOILING_SHARE:.0%}, batteries are {PLANNED_YEARS:g} years old: assumed")
    if common.no_far_horizon is not None:
        found.append(f"hills beyond the site are not in the horizon: {common.no_far_horizon}")
    fed = any(node.kind in {"solar", "battery"} for node in nodes)
    if fed and not common.air_c and not isinstance(common.file, pvgis.Hourly):
        found.append(f"no temperatures in the plan: {AIR_C:g} C taken for batteries that the weather file says nothing of")
    return tuple(found)


def _node(common: Surroundings, node: Node) -> NodePower:
    found = _fed(common, node)
    kit = None if node.power is None or node.power.kit is None else common.plan.kits.get(node.power.kit)
    if node.power is None and not node.existing:
        found = replace(found, notes=(*found.notes, UNFED))
    wrong = () if kit is None else misfits(kit, common.plan.catalogue)
    return replace(found, misfits=wrong, met=False) if wrong else found


def _fed(common: Surroundings, node: Node) -> NodePower:
    kind = "unknown" if node.power is None else node.power.kind
    try:
        found = node_load(common.plan, node, common.rates)
        verdicts = _verdicts(common, node)
    except (SiteError, ContractErrors) as error:
        return NodePower(node=node.id, kind=kind, load=None, notes=(str(error),))
    made = NodePower(node=node.id, kind=kind, load=found.load, terms=found.load.terms, notes=found.notes, verdicts=verdicts)
    kit = None if node.power is None or node.power.kit is None else common.plan.kits.get(node.power.kit)
    if kit is None:
        return made
    cell = battery_of(needed(common.plan.catalogue, kit.battery, parts.Battery), kit.batteries)
    array = array_of(kit, common.plan.catalogue, common.horizons.get(node.id, ()))
    try:
        return _on_panel(common, made, cell, array, kit.autonomy_d) if array else _on_battery(common, made, cell, kit.autonomy_d)
    except PowerError as error:
        return NodePower(
            node=node.id, kind=kind, load=found.load, terms=found.load.terms, notes=(*found.notes, str(error)), verdicts=verdicts
        )


def _on_battery(common: Surroundings, made: NodePower, cell: Battery, asked: float | None) -> NodePower:
    """A battery that nothing charges: from full to empty, in the coldest month for what it holds."""
    if made.load is None:
        return made
    coldest = min(common.air_c, default=AIR_C)
    days = primary_days(cell, made.load.watt_hours, coldest)
    lies = cell.chemistry.years
    aged = (
        (f"more than the {lies:g} years that such cells last by themselves: reckon with those",)
        if days > lies * YEAR_DAYS
        else ()
    )
    line = Term(
        "days until it is empty", days, "d", "the lines above", "derived", "load and self-discharge, in the coldest month"
    )
    return NodePower(
        node=made.node,
        kind=made.kind,
        load=made.load,
        autonomy_days=days,
        met=None if asked is None else days >= asked,
        terms=(*made.terms, *usable(cell, coldest).terms, line),
        notes=(*made.notes, *aged),
        verdicts=made.verdicts,
    )


def _on_panel(common: Surroundings, made: NodePower, cell: Battery, array: Array, asked: float | None) -> NodePower:
    if made.load is None:
        return made
    found = balance(made.load, cell, array.peak_w, weather_for(common, array, cell.volts), Conditions(years=PLANNED_YEARS))
    hidden = (spoken(array.horizon),) if max(array.horizon, default=0.0) > 0 else ()
    lasts = found.run.dark_days == 0 and (asked is None or found.autonomy_days >= asked)
    return NodePower(
        node=made.node,
        kind=made.kind,
        load=made.load,
        autonomy_days=found.autonomy_days,
        dark_share=found.run.dark_share,
        worst_month=found.worst.name,
        upper_bound=found.upper_bound,
        met=None if lasts and found.upper_bound else lasts,  # a bound can refute, it cannot prove
        terms=(*made.terms, *found.terms),
        notes=(*made.notes, *found.notes, *hidden),
        balance=found,
        verdicts=made.verdicts,
    )


def weather_for(common: Surroundings, array: Array, battery_v: float) -> weather.Weather:
    """The weather that panels stand in: the plan's file, or a clear sky, which is an upper bound."""
    if isinstance(common.file, pvgis.Hourly):
        return weather.from_hourly(common.file, array, battery_v, common.place)
    if isinstance(common.file, pvgis.Monthly):
        file = common.file
        if file.air_c is None and common.air_c:
            file = pvgis.with_temperatures(file, common.air_c)
        return weather.from_monthly(file, array, battery_v, common.place)
    return weather.clear_year(common.place, array, battery_v, common.air_c)


def _verdicts(common: Surroundings, node: Node) -> tuple[Verdict, ...]:
    """Where to infer a node's work that is not settled: on its board, its accelerator or another of the catalogue, or after an uplink."""
    plan = common.plan
    profile = None if node.profile is None else plan.profiles.get(node.profile)
    if profile is None or node.radio is None or not profile.work:
        return ()
    radio = needed(plan.catalogue, node.radio, parts.Radio)
    uplink = uplink_of(radio, common.rates.get(node.id, radio.rates[-1]))
    own = [plan.catalogue.parts[ident] for ident in (node.board, node.accelerator) if ident is not None]
    others = [part for part in plan.catalogue.parts.values() if isinstance(part, parts.Accelerator) and part not in own]
    boards = [part for part in (*own, *others) if isinstance(part, parts.Board)]
    engines = [engine for board in boards if (engine := engine_of(board, plan.catalogue.workloads)) is not None]
    found: list[Verdict] = []
    for work in profile.work:
        known = plan.catalogue.workloads[work.workload]
        workload = Workload(
            name=f"{node.id}, {work.workload}",
            events=work.per_day,
            event_bytes=float(known.input_bytes),
            result_bytes=float(known.output_bytes),
            model=model_of(known),
            source=f"profile {profile.id}; {known.source}",
        )
        found.append(decide(workload, engines, [uplink]))
    return tuple(found)


def _switch(found: PoeBudget) -> SwitchPower:
    return SwitchPower(
        switch=found.switch,
        reserved_w=found.reserves_mw / 1000,
        drawn_w=found.draws_mw / 1000,
        budget_w=found.budget_mw / 1000,
        devices=found.devices,
        ports=found.ports,
        refusals=found.problems,
        doubts=found.doubts,
        remedies=found.remedies,
    )
