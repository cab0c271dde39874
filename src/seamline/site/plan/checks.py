"""What sections of a plan say about each other: names that must exist, files that must be there, one currency."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from seamline.contract.loader import load
from seamline.contract.model import Contract
from seamline.contract.problems import ContractErrors, Report
from seamline.site.catalogue.parts import Money
from seamline.site.plan.model import Gateway, Mounting, Node, Plan, PowerSource


def check(plan: Plan, report: Report) -> None:
    """Report what does not fit together."""
    for found in CHECKS:
        found(plan, report)


def names(plan: Plan, report: Report) -> None:
    """Nodes and gateways are found by one name."""
    for ident in plan.gateways:
        if ident in plan.nodes:
            related = ((report.place(f"nodes.{ident}"), "the node"),)
            report.add(
                "SL219",
                report.place(f"gateways.{ident}"),
                f"{ident!r} is a node and a gateway",
                fix="rename one",
                related=related,
            )


def files(plan: Plan, report: Report) -> None:
    """What the plan reads must be there, and not above it."""
    for name, path in files_of(plan):
        where = plan.beside(name)
        if not where.is_file():
            report.add(
                "SL220",
                report.place(path),
                f"there is no file {name!r} beside the plan",
                fix="correct the path; it starts at the plan's folder",
            )


def files_of(plan: Plan) -> Iterator[tuple[str, str]]:
    """Each file of the plan, with the place that names it; catalogues report for themselves."""
    for at, file in enumerate(plan.survey.files):
        yield file.path, f"survey.files.{at}"
    if plan.terrain is not None:
        yield plan.terrain.path, "terrain.path"
    if plan.weather.pvgis is not None:
        yield plan.weather.pvgis, "weather.pvgis"


def power(plan: Plan, report: Report) -> None:
    """Supplies and kits that devices name are described, and give what is asked of them."""
    devices: dict[str, tuple[str, Mapping[str, Node] | Mapping[str, Gateway]]] = {
        "nodes": ("node", plan.nodes),
        "gateways": ("gateway", plan.gateways),
    }
    for section, (_, found) in devices.items():
        for ident, device in found.items():
            if device.power is not None:
                source(device.power, f"{section}.{ident}.power", plan, report)
    for ident, mounting in plan.mountings.items():
        for at, asked in enumerate(mounting.power):
            path = f"mountings.{ident}.power"
            source(asked, f"{path}.{at}" if f"{path}.{at}.from" in report.places else path, plan, report)


def source(asked: PowerSource, path: str, plan: Plan, report: Report) -> None:
    """One device's power."""
    if asked.kit is not None and asked.kit not in plan.kits:
        fix = f"kits are: {', '.join(plan.kits) or 'none'}"
        report.add("SL115", report.place(f"{path}.kit"), f"{asked.kit!r} is not a kit of this plan", fix=fix)
    elif asked.kit is not None and asked.kind == "solar" and plan.kits[asked.kit].panel is None:
        report.add(
            "SL212", report.place(f"{path}.kit"), f"kit {asked.kit!r} has no panel", fix="add one, or write 'from: battery'"
        )
    if asked.supply is None:
        return
    if asked.supply not in plan.supplies:
        fix = f"supplies are: {', '.join(plan.supplies) or 'none'}"
        report.add("SL115", report.place(f"{path}.supply"), f"{asked.supply!r} is not a supply of this plan", fix=fix)
    elif plan.supplies[asked.supply].kind != asked.kind:
        kind = plan.supplies[asked.supply].kind
        report.add(
            "SL212",
            report.place(f"{path}.supply"),
            f"supply {asked.supply!r} gives {kind}, not {asked.kind}",
            fix=f"write 'from: {kind}'",
        )


def products(plan: Plan, report: Report) -> None:
    """A product is a folder with a contract that holds, and a profile speaks of that contract's power states."""
    known: dict[str, Contract | None] = {}
    devices: dict[str, Node | Mounting] = {f"nodes.{ident}": node for ident, node in plan.nodes.items()}
    devices |= {f"mountings.{ident}": mounting for ident, mounting in plan.mountings.items()}
    for path, node in devices.items():
        place = report.place(f"{path}.product")
        if node.profile is not None and node.profile not in plan.profiles:
            fix = f"profiles are: {', '.join(plan.profiles) or 'none'}"
            report.add("SL115", report.place(f"{path}.profile"), f"{node.profile!r} is not a profile of this plan", fix=fix)
        if node.product is None:
            continue
        if node.product not in known:
            known[node.product] = contract_of(plan, node.product, report, f"{path}.product")
        contract = known[node.product]
        profile = plan.profiles.get(node.profile or "")
        if contract is None or profile is None:
            continue
        states = () if contract.power is None else tuple(contract.power.states)
        for state in profile.seconds_per_day:
            if state not in states:
                related, fix = ((place, f"product {contract.product}"),), f"its states are: {', '.join(states) or 'none'}"
                report.add(
                    "SL221",
                    report.place(f"profiles.{profile.id}.states.{state}"),
                    f"{state!r} is no power state of the product",
                    fix=fix,
                    related=related,
                )


def contract_of(plan: Plan, folder: str, report: Report, path: str) -> Contract | None:
    """The contract of a product's folder; None, and a problem, when there is none that holds."""
    try:
        return load(plan.beside(folder) / "contract.yaml")
    except ContractErrors as errors:
        first = errors.problems[0]
        fix = f"run 'seamline contract check {folder}'"
        report.add("SL222", report.place(path), f"the product in {folder!r} has no contract that holds: {first}", fix=fix)
    return None


def currencies(plan: Plan, report: Report) -> None:
    """All amounts are in one currency: nothing is exchanged."""
    for path, amount in amounts_of(plan):
        if amount.currency != plan.prices.currency:
            fix = f"give it in {plan.prices.currency}, or change 'prices.currency'"
            report.add("SL223", report.place(path), f"{amount} is not in {plan.prices.currency}", fix=fix)


def amounts_of(plan: Plan) -> Iterator[tuple[str, Money]]:
    """Every amount, with its place; of the catalogue only what the plan uses."""
    prices = plan.prices
    fixed = (("prices.budget", prices.budget), ("prices.labour", prices.labour_hour))
    yield from ((path, amount) for path, amount in fixed if amount is not None)
    yield from ((f"prices.parts.{name}", amount) for name, amount in prices.parts.items())
    for ident, mounting in plan.mountings.items():
        if mounting.cost is not None:
            yield f"mountings.{ident}.cost", mounting.cost
    for name in used_parts(plan):
        part = plan.catalogue.parts.get(name)
        if part is not None and part.price is not None and name not in prices.parts:
            yield f"catalogue.parts.{name}.price", part.price


def used_parts(plan: Plan) -> tuple[str, ...]:
    """The ids of all parts that the plan names, each once, in the order of the plan."""
    found: list[str | None] = []
    for node in plan.nodes.values():
        found += [node.part, node.board, node.accelerator, node.radio, *node.with_parts]
    for gateway in plan.gateways.values():
        found += [gateway.part, *gateway.with_parts]
    for mounting in plan.mountings.values():
        found += [*mounting.parts, mounting.board, mounting.accelerator, *mounting.with_parts]
    for kit in plan.kits.values():
        found += [kit.battery, kit.panel, kit.converter]
    found += [supply.switch for supply in plan.supplies.values()]
    found += [plan.routes.cable, plan.routes.power_cable, plan.network.relay_part, plan.network.gateway_part]
    return tuple(dict.fromkeys(name for name in found if name is not None))


CHECKS: tuple[Callable[[Plan, Report], None], ...] = (names, files, power, products, currencies)
