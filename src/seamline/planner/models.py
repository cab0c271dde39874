"""What the page sends, checked at the door."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from seamline.planner.desk import Changes, NodeState
from seamline.planner.placing import SECONDS_MAX, Wish
from seamline.planner.saving import VariantName

NODES_MAX = 10_000
FAR_M = 20_000.0
HIGH_M = 1_000.0
Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,63}$")]
Far = Annotated[float, Field(ge=-FAR_M, le=FAR_M, allow_inf_nan=False)]


class Model(BaseModel):
    """Unknown members are refused."""

    model_config = ConfigDict(extra="forbid")


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
        )


class ChangesIn(Model):
    """What the page has that the file does not; `content` is the file that it started from."""

    content: Annotated[str, Field(max_length=64)]
    variant: Name | None = None
    nodes: Annotated[list[NodeIn], Field(max_length=NODES_MAX)] = []
    removed: Annotated[list[Name], Field(max_length=NODES_MAX)] = []

    def changes(self) -> Changes:
        """As the desk takes them."""
        return Changes(tuple(node.state() for node in self.nodes), tuple(dict.fromkeys(self.removed)))


class CoverIn(ChangesIn):
    """With `masks`, the answer has every mask."""

    masks: bool = False


class PlacementIn(ChangesIn):
    """See placing.Wish."""

    count: Annotated[int, Field(ge=0, le=NODES_MAX)] | None = None
    budget_cents: Annotated[int, Field(ge=0, le=10**12)] | None = None
    fewest: bool = False
    fresh: bool = False
    seconds: Annotated[float, Field(ge=1, le=SECONDS_MAX)] = 30.0

    def wish(self) -> Wish:
        """As the search takes it."""
        return Wish(count=self.count, budget_cents=self.budget_cents, fewest=self.fewest, fresh=self.fresh, seconds=self.seconds)


class SaveIn(ChangesIn):
    """With `as_variant`, the changes become a variant of that name."""

    as_variant: Name | None = None
    title: Annotated[str, Field(max_length=200)] = ""

    def variant_name(self) -> VariantName | None:
        """The variant that is to be made, if any."""
        return None if self.as_variant is None else VariantName(self.as_variant, self.title or self.as_variant)
