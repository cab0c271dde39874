"""What the API says and takes about sites. Lengths are metres in the plan's local frame (x east, y north), areas m2, times Unix ms."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from seamline.hub.api.calibration_models import Person, Reason
from seamline.hub.api.fleet_models import Frozen, Presence

FORMAT = "seamline-site/1"
CELLS_MAX = 4_000_000
NODES_MAX = 5_000

Label = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]+$", max_length=64)]
Title = Annotated[str, Field(max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$")]
Metres = Annotated[float, Field(ge=-1e6, le=1e6, allow_inf_nan=False)]
Degrees = Annotated[float, Field(ge=-360, le=360, allow_inf_nan=False)]
Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
Bits = Annotated[str, Field(max_length=CELLS_MAX, pattern=r"^[A-Za-z0-9+/]*=*$")]
"""A cell a bit, the highest bit of each byte first, as base64."""
Point = tuple[Metres, Metres]
Ring = Annotated[list[Point], Field(max_length=100_000)]
Polygon = Annotated[list[Ring], Field(max_length=10_000)]
"""The outer ring, then holes."""


class Strict(Frozen):
    """A value that comes from outside: nothing in it is ignored."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class SiteFrame(Strict):
    """Where local (0, 0) is, and by how much true north lies to the right of the frame's."""

    lon: Annotated[float, Field(ge=-180, le=180, allow_inf_nan=False)]
    lat: Annotated[float, Field(ge=-90, le=90, allow_inf_nan=False)]
    convergence_deg: Degrees


class SiteThing(Strict):
    """Something of the survey that a map shows: areas, lines or a point."""

    id: Title
    meaning: Label
    height_m: Metres | None
    polygons: Annotated[list[Polygon], Field(max_length=10_000)]
    lines: Annotated[list[Ring], Field(max_length=10_000)]
    points: Ring


class PlannedNode(Strict):
    """A place for a device: what is to stand there, and how."""

    id: Label
    title: Title
    kind: Literal["camera", "sensor", "relay", "gateway"]
    part: Title | None
    product: Label | None
    """The product of its contract; a device of another product cannot be bound here."""
    x: Metres
    y: Metres
    lon: Annotated[float, Field(ge=-180, le=180, allow_inf_nan=False)]
    lat: Annotated[float, Field(ge=-90, le=90, allow_inf_nan=False)]
    height_m: Metres
    heading_deg: Degrees
    tilt_deg: Degrees
    hfov_deg: Annotated[float, Field(ge=0, le=360, allow_inf_nan=False)] | None
    range_m: Metres | None


class PlannedNeed(Strict):
    """What must see a zone, and which cells each node meets the need in."""

    kind: Literal["camera", "sensor"]
    of: Title
    k: Annotated[int, Field(ge=1, le=255)]
    share: Share
    seen: Annotated[dict[Label, Bits], Field(max_length=NODES_MAX)]


class PlannedZone(Strict):
    """A zone on its grid, the southern row first. `inside` has a bit for each cell of the grid, masks one for each cell inside."""

    id: Label
    title: Title
    columns: Annotated[int, Field(ge=1, le=CELLS_MAX)]
    rows: Annotated[int, Field(ge=1, le=CELLS_MAX)]
    west: Metres
    south: Metres
    cell: Annotated[float, Field(gt=0, le=1e4)]
    polygons: Annotated[list[Polygon], Field(max_length=10_000)]
    inside: Bits
    needs: Annotated[list[PlannedNeed], Field(max_length=64)]


class SeenThen(Strict):
    """Which cells of a zone's need would be seen."""

    zone: Label
    need: Annotated[int, Field(ge=0, le=63)]
    bits: Bits


class PlannedRemedy(Strict):
    """What could be done while the node `dark` is dark: `node` turned or moved, or a new one added, and what it would see then."""

    dark: Label
    kind: Literal["turn", "move", "add"]
    node: Label | None
    part: Title | None
    lens: Title | None
    where: Title | None
    x: Metres
    y: Metres
    height_m: Metres
    heading_deg: Degrees
    tilt_deg: Degrees
    seen: Annotated[list[SeenThen], Field(max_length=4_096)]


class SiteDocument(Strict):
    """A plan as the hub keeps it: what the map shows, what each node is to see, and what helps when one is dark.

    `seamline site publish` makes it. `hash` is the one that stands on the plan's drawings.
    """

    format: Literal["seamline-site/1"]
    title: Title
    hash: Annotated[str, Field(pattern=r"^sha256:[0-9a-f]{64}$")]
    frame: SiteFrame
    boundary: Annotated[list[Polygon], Field(max_length=10_000)]
    things: Annotated[list[SiteThing], Field(max_length=100_000)]
    nodes: Annotated[list[PlannedNode], Field(max_length=NODES_MAX)]
    zones: Annotated[list[PlannedZone], Field(max_length=1_000)]
    remedies: Annotated[list[PlannedRemedy], Field(max_length=100_000)]


class Publication(Strict):
    """A plan to be published, and who does it."""

    by: Person
    document: SiteDocument


class Published(Frozen):
    """What became of it: the version that is in force; not `changed` when it was that very plan already."""

    site: str
    version: int
    hash: str
    changed: bool


class SiteLine(Frozen):
    """A site in the list."""

    site: str
    title: str
    version: int
    hash: str
    published_ms: int
    by: str


class PlanVersion(Frozen):
    """A plan that was published."""

    version: int
    hash: str
    published_ms: int
    by: str


class Binding(Strict):
    """A device to be put at a place. `replaces` is the device that stands there by what you know; null: none.

    `expected` binds a device that nobody has heard of yet, as one is that is mounted before it is switched on.
    """

    device: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]+$", max_length=128)]
    by: Person
    reason: Reason
    replaces: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]+$", max_length=128)] | None = None
    expected: bool = False


class BindingLine(Frozen):
    """Somebody bound a device to a place, or took it from there (`action` = bound, released)."""

    id: int
    node: str
    device: str
    action: str
    by: str
    reason: str
    at_ms: int


Standing = Literal["planned", "installed", "alive", "dark", "unknown"]
"""See PlaceState."""


class PlaceState(Frozen):
    """A planned place and what stands there.

    `state`: `planned` (no device), `installed` (bound, never heard), `alive` (it speaks), `dark` (it spoke, and does no more), `unknown`
    (it spoke, and the hub could not hear it now).
    """

    node: str
    state: Standing
    device: str | None
    bound_ms: int | None
    presence: Presence | None
    why: str
    since_ms: int | None
    last_heard_ms: int | None


class NeedNow(Frozen):
    """A zone's need now: shares of its cells; `missing` are those the plan covers and nobody covers now."""

    zone: str
    need: int
    needed: float
    planned: float
    share: float
    met: bool
    missing: str
    missing_m2: float


class Helps(Frozen):
    """The remedy of that number in the plan: what it brings back now of what the dark node alone covered, and what is given up for it.

    Both by zone in m2; `gain_m2` is the one less the other.
    """

    remedy: int
    gain_m2: float
    back_m2: dict[str, float]
    given_up_m2: dict[str, float]


class DarkNode(Frozen):
    """A place that sees nothing now: what it alone covered, in m2 by zone, and what helps, best first."""

    node: str
    alone_m2: dict[str, float]
    helps: list[Helps]


class SiteNow(Frozen):
    """A site at `now_ms`: planned against installed against alive, and what is covered by those who are alive.

    `left_over` are devices bound to places that the plan in force no longer has.
    """

    site: str
    title: str
    version: int
    hash: str
    now_ms: int
    published_ms: int
    counts: dict[str, int]
    places: list[PlaceState]
    needs: list[NeedNow]
    dark: list[DarkNode]
    left_over: list[PlaceState]
