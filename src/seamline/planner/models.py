"""What the page sends, checked at the door."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from seamline.planner.desk import Changes, NodeState
from seamline.planner.placing import SECONDS_MAX
from seamline.planner.saving import VariantName
from seamline.planner.stations import Section, StationState
from seamline.planner.surveys import TOGETHER_MAX
from seamline.site.placement.placing import Wish
from seamline.site.plan.model import PowerKind, PowerSource

NODES_MAX = 10_000
FAR_M = 20_000.0
HIGH_M = 1_000.0
Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,63}$")]
Opened = tuple[str | None, tuple[tuple[str, str | None], ...]]
"""A variant or none, and the dropped surveys in it: each by its ident, and what it stands for."""
Far = Annotated[float, Field(ge=-FAR_M, le=FAR_M, allow_inf_nan=False)]


class Model(BaseModel):
    """Unknown members are refused."""

    model_config = ConfigDict(extra="forbid")


class PowerIn(Model):
    """What feeds a node. See PowerSource."""

    kind: PowerKind
    supply: Name | None = None
    kit: Name | None = None


class NodeIn(Model):
    """A node as it is to be: metres and degrees. See desk.NodeState."""

    id: Name
    x: Far
    y: Far
    height_m: Annotated[float, Field(ge=0, le=HIGH_M, allow_inf_nan=False)]
    heading_deg: Annotated[float, Field(ge=-360, le=720, allow_inf_nan=False)]
    tilt_deg: Annotated[float, Field(ge=-90, le=90, allow_inf_nan=False)]
    lens: Annotated[str, Field(max_length=64)] | None = None
    part: Annotated[str, Field(max_length=64)] | None = None
    title: Annotated[str, Field(max_length=200)] = ""
    with_parts: Annotated[list[Annotated[str, Field(max_length=64)]], Field(max_length=32)] = []
    mounting: Name | None = None
    power: PowerIn | None = None

    def state(self) -> NodeState:
        """As the desk takes it."""
        return NodeState(
            id=self.id,
            x=self.x,
            y=self.y,
            height_m=self.height_m,
            heading_deg=self.heading_deg,
            tilt_deg=self.tilt_deg,
            lens=self.lens,
            part=self.part,
            title=self.title,
            with_parts=tuple(self.with_parts),
            mounting=self.mounting,
            power=None if self.power is None else PowerSource(self.power.kind, self.power.supply, self.power.kit),
        )


class StationIn(Model):
    """A gateway or supply as it is to be. See stations.StationState."""

    section: Section
    id: Name
    x: Far
    y: Far
    height_m: Annotated[float, Field(ge=0, le=HIGH_M, allow_inf_nan=False)] | None = None

    def state(self) -> StationState:
        """As the desk takes it."""
        return StationState(section=self.section, id=self.id, x=self.x, y=self.y, height_m=self.height_m)


class SurveyIn(Model):
    """A dropped survey that is part of the plan on the page; `id` is what its preview gave. See surveys.NewSurvey."""

    id: Annotated[str, Field(max_length=64)]
    instead: Annotated[str, Field(max_length=1_000)] | None = None


class ChangesIn(Model):
    """What the page has that the file does not; `content` is the file that it started from."""

    content: Annotated[str, Field(max_length=64)]
    variant: Name | None = None
    surveys: Annotated[list[SurveyIn], Field(max_length=TOGETHER_MAX)] = []
    stations: Annotated[list[StationIn], Field(max_length=NODES_MAX)] = []
    nodes: Annotated[list[NodeIn], Field(max_length=NODES_MAX)] = []
    removed: Annotated[list[Name], Field(max_length=NODES_MAX)] = []

    def opened(self) -> Opened:
        """Which desk is asked."""
        return (self.variant, tuple((survey.id, survey.instead) for survey in self.surveys))

    def changes(self) -> Changes:
        """As the desk takes them."""
        stations = tuple(station.state() for station in self.stations)
        return Changes(tuple(node.state() for node in self.nodes), tuple(dict.fromkeys(self.removed)), stations)


class CoverIn(ChangesIn):
    """With `masks`, the answer has every mask."""

    masks: bool = False


class PlacementIn(ChangesIn):
    """See placing.Wish. Without `count` and `budget_cents`: what the needs ask for or, with `everything`, all that can be covered."""

    count: Annotated[int, Field(ge=0, le=NODES_MAX)] | None = None
    budget_cents: Annotated[int, Field(ge=0, le=10**12)] | None = None
    everything: bool = False
    fewest: bool = False
    fresh: bool = False
    seconds: Annotated[float, Field(ge=1, le=SECONDS_MAX)] = 30.0

    def wish(self) -> Wish:
        """As the search takes it."""
        limited = self.count is not None or self.budget_cents is not None
        return Wish(
            question="all" if self.everything else "best" if limited else "needs",
            count=self.count,
            budget=self.budget_cents,
            fewest=self.fewest,
            fresh=self.fresh,
            seconds=self.seconds,
        )


class SaveIn(ChangesIn):
    """With `as_variant`, the changes become a variant of that name."""

    as_variant: Name | None = None
    title: Annotated[str, Field(max_length=200)] = ""

    def variant_name(self) -> VariantName | None:
        """The variant that is to be made, if any."""
        return None if self.as_variant is None else VariantName(self.as_variant, self.title or self.as_variant)
