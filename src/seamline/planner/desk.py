"""A plan on the desk: the plan as its file has it, and the same with nodes moved, added and taken out."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from pathlib import Path
from types import MappingProxyType
from typing import Final

from seamline.contract.problems import Span
from seamline.planner.stations import SAME_M, StationState, gateways_of, supplies_of
from seamline.planner.surveys import NewSurvey, staged
from seamline.site.catalogue.parts import Camera, Sensor
from seamline.site.coverage.cover import Coverer, Nodes
from seamline.site.frame import SiteError
from seamline.site.placement.on_site import radio_of
from seamline.site.plan import load_plan, resolve
from seamline.site.plan.model import Node, Place, Plan, PowerSource
from seamline.site.plan.site import Fixed, Site


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeState:
    """Where a node is to be: metres in the plan's local frame and above the ground, degrees.

    `part` and what follows count only for a node that the plan does not have.
    """

    id: str
    x: float
    y: float
    height_m: float
    heading_deg: float
    tilt_deg: float
    lens: str | None
    part: str | None = None
    title: str = ""
    with_parts: tuple[str, ...] = ()
    mounting: str | None = None
    """The mounting that placement put it on: its board, radio, product and profile are as that says."""
    power: PowerSource | None = None


@dataclass(frozen=True, slots=True)
class Changes:
    """What a page has that the file does not."""

    nodes: tuple[NodeState, ...] = ()
    removed: tuple[str, ...] = ()
    stations: tuple[StationState, ...] = ()


NO_CHANGES: Final = Changes()


class Desk:
    """One plan with one variant (or none) as it stood in its file when it was read. Not for several threads at once.

    With `surveys`, as it is to be with those: files that lie elsewhere until the plan is saved.
    """

    def __init__(self, path: Path, variant: str | None = None, surveys: Sequence[NewSurvey] = ()) -> None:
        """Read it; raises ContractErrors, SiteError and SurveyError."""
        self.text = path.read_bytes()
        self.surveys = tuple(surveys)
        self.plan = reduce(staged, self.surveys, load_plan(path, variant))
        self.site = resolve(self.plan)
        self.coverer = Coverer(self.site)

    @property
    def content(self) -> str:
        """What the plan's file held: a page that saves says what it started from."""
        return content_of(self.text)

    def nodes(self, changes: Changes) -> Nodes:
        """The nodes with the changes made, new ones last. SiteError for what the plan has not, or cannot be."""
        states = {state.id: state for state in changes.nodes}
        if len(states) < len(changes.nodes):
            raise SiteError("a node is named twice; name each once, as it is to be")
        known = self.site.nodes
        unknown = [ident for ident in changes.removed if ident not in known]
        if unknown:
            raise SiteError(f"the plan has no node {unknown[0]!r} that could be taken out; load the page again")
        found: dict[str, tuple[Node, Fixed]] = {}
        for ident, (node, at) in known.items():
            if ident not in changes.removed:
                found[ident] = (node, at) if ident not in states else self.moved(node, at, states[ident])
        for ident, state in states.items():
            if ident not in known:
                found[ident] = self.added(state)
        return MappingProxyType(found)

    def moved(self, node: Node, at: Fixed, state: NodeState) -> tuple[Node, Fixed]:
        """A node of the plan as it is to be; what it has in common with what it was stays as the plan has it."""
        stays = abs(state.x - at.x) <= SAME_M and abs(state.y - at.y) <= SAME_M
        there = at if stays else self.fixed(state.x, state.y)
        other = replace(
            node,
            place=node.place if stays else Place("local", x_m=there.x, y_m=there.y),
            height_m=state.height_m,
            heading_deg=state.heading_deg % 360,
            tilt_deg=state.tilt_deg,
            lens=state.lens,
        )
        self.fits(other)
        return other, there

    def added(self, state: NodeState) -> tuple[Node, Fixed]:
        """A node that the plan does not have."""
        there = self.fixed(state.x, state.y)
        node = Node(
            id=state.id,
            title=state.title or state.id,
            place=Place("local", x_m=there.x, y_m=there.y),
            height_m=state.height_m,
            part=state.part,
            heading_deg=state.heading_deg % 360,
            tilt_deg=state.tilt_deg,
            lens=state.lens,
            with_parts=state.with_parts,
        )
        unknown = [part for part in (state.part, *state.with_parts) if part not in self.plan.catalogue.parts]
        if unknown:
            raise SiteError(f"node {state.id!r}: the catalogue has no part {unknown[0]!r}; see 'seamline site parts'")
        self.fits(node)
        return self.mounted(node, state), there

    def mounted(self, node: Node, state: NodeState) -> Node:
        """A new node with what its mounting says of it, and what feeds it."""
        if state.mounting is None:
            return node
        mounting = self.plan.mountings.get(state.mounting)
        if mounting is None:
            raise SiteError(f"node {node.id!r}: the plan has no mounting {state.mounting!r}; load the page again")
        if state.power is not None and not fits_plan(state.power, self.plan):
            raise SiteError(f"node {node.id!r}: the plan has no supply or kit that feeds it so; load the page again")
        radio = radio_of(self.site, mounting)
        return replace(
            node,
            board=mounting.board,
            accelerator=mounting.accelerator,
            radio=None if radio is None else radio.id,
            power=state.power,
            product=mounting.product,
            profile=mounting.profile,
        )

    def fits(self, node: Node) -> None:
        """SiteError where a camera has no such lens, or what observes is neither camera nor sensor."""
        part = None if node.part is None else self.plan.catalogue.parts[node.part]
        if part is None or isinstance(part, Sensor):
            return
        if not isinstance(part, Camera):
            raise SiteError(f"node {node.id!r}: {node.part!r} is a {part.kind}, and observes nothing")
        if part.lens(node.lens) is None:
            lenses = ", ".join(lens.name for lens in part.lenses)
            raise SiteError(f"node {node.id!r}: {node.part!r} has no lens {node.lens!r}; it has {lenses}")

    def fixed(self, x: float, y: float) -> Fixed:
        """A place on whole centimetres, with the ground there."""
        x, y = round(x, 2), round(y, 2)
        zone = next(iter(self.coverer.zones.values()), None)
        ground = 0 if zone is None else zone.scene.ground_at(round(x * 100), round(y * 100))
        return Fixed(x, y, ground / 100)

    def changed(self, changes: Changes) -> Site:
        """The site with the changes made, for all that is worked out from a whole site."""
        nodes = self.nodes(changes)
        gateways = gateways_of(self.site, changes.stations, self.fixed)
        supplies = supplies_of(self.site, changes.stations, self.fixed)
        section = self.plan.places.get("nodes", Span(str(self.plan.file), 1, 1, 1, 1))
        plan = replace(
            self.plan,
            nodes={ident: node for ident, (node, _) in nodes.items()},
            gateways={ident: one for ident, (one, _) in gateways.items()},
            supplies={ident: one for ident, (one, _) in supplies.items()},
            places={**{f"nodes.{ident}": section for ident in nodes}, **self.plan.places},
        )
        return replace(self.site, plan=plan, nodes=nodes, gateways=gateways, supplies=supplies)

    def differing(self, changes: Changes) -> Mapping[str, Sequence[str]]:
        """What differs from the plan, by node: the names of the fields, as the plan's file has them; new nodes are not among them."""
        found: dict[str, Sequence[str]] = {}
        for ident, (node, _) in self.nodes(changes).items():
            was = self.plan.nodes.get(ident)
            if was is None:
                continue
            fields = (
                ("place", node.place, was.place),
                ("height", node.height_m, was.height_m),
                ("heading", node.heading_deg, was.heading_deg),
                ("tilt", node.tilt_deg, was.tilt_deg),
                ("lens", node.lens, was.lens),
            )
            names = [name for name, now, then in fields if now != then]
            if names:
                found[ident] = names
        return found


def fits_plan(power: PowerSource, plan: Plan) -> bool:
    """Whether the supply or kit that it names is the plan's, and of its kind."""
    if power.kit is not None:
        return power.kind in {"battery", "solar"} and power.kit in plan.kits
    if power.supply is None:
        return power.kind == "mains"
    return power.supply in plan.supplies and plan.supplies[power.supply].kind == power.kind


def content_of(text: bytes) -> str:
    """A digest of a plan's file."""
    return hashlib.sha256(text).hexdigest()
