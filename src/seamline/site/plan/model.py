"""What a plan file says, as values. Nothing here is worked out: places may still be names of features in a survey.

Units end the names: metres, degrees (headings clockwise from north, tilts downwards), shares from 0 to 1. Ids keep the file's order.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import Literal

from seamline.contract.problems import Span
from seamline.site.catalogue.parts import Catalogue, Money, Technology


class Meaning(Enum):
    """What a feature of a survey is to the plan."""

    BOUNDARY = "boundary"
    BUILDING = "building"
    OBSTRUCTION = "obstruction"
    MAST = "mast"
    POWER = "power"
    WATER = "water"
    EXCLUSION = "exclusion"
    ZONE = "zone"
    DEVICE = "device"
    ROUTE = "route"
    IGNORE = "ignore"


@dataclass(frozen=True, slots=True)
class Frame:
    """The local metric frame: `auto` is the UTM zone of the survey's middle, `epsg` a projected frame of the register.

    `origin` is a frame of its own, tangent at (lon, lat). Local x and y are metres from the anchor.
    """

    kind: Literal["auto", "epsg", "origin"] = "auto"
    epsg: int | None = None
    lon: float | None = None
    lat: float | None = None
    anchor_m: tuple[float, float] | None = None
    """East and north of local (0, 0) in the frame; None: the boundary's south-western corner, down to whole 100 m."""


@dataclass(frozen=True, slots=True)
class SurveyFile:
    """A file of the survey, relative to the plan; `crs` is the frame of one that does not name its own."""

    path: str
    crs: str | None = None


@dataclass(frozen=True, slots=True)
class Height:
    """A height above the ground: the number that a feature's property has, or else `metres`."""

    metres: float | None = None
    property: str | None = None


@dataclass(frozen=True, slots=True)
class Rule:
    """Features that match all that is given mean `meaning`. Globs as in a shell, `*` also over `/`; letter case does not matter.

    `properties` are pairs of a property's name and a glob for its value. An obstruction's closed line is what it encloses when
    `filled`, else a wall.
    """

    meaning: Meaning
    file: str | None = None
    folder: str | None = None
    name: str | None = None
    geometry: Literal["point", "line", "polygon"] | None = None
    properties: tuple[tuple[str, str], ...] = ()
    height: Height | None = None
    filled: bool = False


@dataclass(frozen=True, slots=True)
class SurveyPlan:
    """The survey's files and what their features mean: the first rule that matches decides."""

    files: tuple[SurveyFile, ...] = ()
    rules: tuple[Rule, ...] = ()


@dataclass(frozen=True, slots=True)
class Terrain:
    """A GeoTIFF of the ground's height in metres, relative to the plan; `crs` where it names no frame."""

    path: str
    crs: str | None = None


@dataclass(frozen=True, slots=True)
class Area:
    """A zone's area: features of that name (a glob, also `Folder/Name`), the whole `boundary`, or a ring of places."""

    kind: Literal["feature", "boundary", "lonlat", "local"]
    feature: str | None = None
    ring: tuple[tuple[float, float], ...] = ()
    """Longitude and latitude (`lonlat`), or metres east and north (`local`); not closed."""


@dataclass(frozen=True, slots=True)
class Need:
    """What must see a zone. A camera of a class (`of` = `recognise`, with its edition and density), or a sensor (`of` = `motion`).

    At least `k` observers must see each cell, and at least `share` of all cells must be seen by so many.
    """

    kind: Literal["camera", "sensor"]
    of: str
    k: int = 1
    share: float = 1.0
    edition: str | None = None
    px_per_m: float | None = None


@dataclass(frozen=True, slots=True)
class Zone:
    """A part of the site and what must see it. Targets stand `target_m` above the ground; with `roofs`, above roofs too."""

    id: str
    title: str
    area: Area
    needs: tuple[Need, ...]
    target_m: float = 0.0
    roofs: bool = False
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class Place:
    """Where something is: degrees (`lonlat`), metres in the local frame (`local`), or a point of the survey (`feature`)."""

    kind: Literal["lonlat", "local", "feature"]
    lon: float | None = None
    lat: float | None = None
    x_m: float | None = None
    y_m: float | None = None
    feature: str | None = None


PowerKind = Literal["mains", "poe", "dc", "battery", "solar"]


@dataclass(frozen=True, slots=True)
class PowerSource:
    """What feeds a device: a supply of the site (mains, PoE, DC) or a kit of battery and panel."""

    kind: PowerKind
    supply: str | None = None
    """A supply's id; None: the nearest that is fit."""
    kit: str | None = None


@dataclass(frozen=True, slots=True)
class Mounting:
    """Where new devices may go, as candidates for placement: on masts, along walls, at roof edges, or at points.

    `features` is a glob of the features' names (None: all of that meaning); `points` are given for where = `points`. Walls and edges
    are walked in steps of `spacing_m`. All combinations of part, lens, height, heading and tilt are candidates.
    """

    id: str
    where: Literal["masts", "walls", "roof-edges", "points"]
    parts: tuple[str, ...]
    heights_m: tuple[float, ...]
    features: str | None = None
    points: tuple[Place, ...] = ()
    spacing_m: float = 5.0
    offset_m: float = 0.3
    """How far before a wall, or inwards of a roof's edge."""
    heading_step_deg: float = 30.0
    tilts_deg: tuple[float, ...] = (0.0,)
    lenses: tuple[str, ...] = ()
    """Names of lenses that may be used; empty: all."""
    with_parts: tuple[str, ...] = ()
    """Parts that come with each device here."""
    cost: Money | None = None
    """Work and material of one mounting, beside the parts."""
    count_max: int | None = None
    power: tuple[PowerSource, ...] = ()
    """The ways in which a device here may be fed; empty: it is not asked whether it can be."""
    board: str | None = None
    accelerator: str | None = None
    product: str | None = None
    profile: str | None = None
    """What each device here is made of and does, as a node says it."""


@dataclass(frozen=True, slots=True)
class Node:
    """A device of the plan. `part` observes (camera or sensor); None for a pure relay.

    `product` is the folder of the product's contract, relative to the plan; `profile` says what the node does all day.
    """

    id: str
    title: str
    place: Place
    height_m: float
    part: str | None = None
    heading_deg: float = 0.0
    tilt_deg: float = 0.0
    lens: str | None = None
    board: str | None = None
    accelerator: str | None = None
    radio: str | None = None
    power: PowerSource | None = None
    with_parts: tuple[str, ...] = ()
    product: str | None = None
    profile: str | None = None
    existing: bool = False
    """Already there: it costs nothing and is not moved."""


@dataclass(frozen=True, slots=True)
class Gateway:
    """Where radio links end and the site's uplink begins."""

    id: str
    title: str
    part: str
    place: Place
    height_m: float
    uplink: Technology | None = None
    power: PowerSource | None = None
    with_parts: tuple[str, ...] = ()
    existing: bool = False


@dataclass(frozen=True, slots=True)
class LinkWish:
    """A link that must be there (or, with `avoid`, must not): between nodes or gateways."""

    id: str
    a: str
    b: str
    by: Literal["radio", "cable"] = "radio"
    avoid: bool = False


@dataclass(frozen=True, slots=True)
class NetworkWish:
    """What is asked of the radio network. `relays` are parts and mountings for relays that may be added."""

    topology: Literal["star", "tree", "mesh"] = "star"
    fade_margin_db: float = 10.0
    hops_max: int = 1
    relay_part: str | None = None
    relay_mountings: tuple[str, ...] = ()
    gateway_mountings: tuple[str, ...] = ()
    """Mountings where gateways may be placed; empty: only those of the plan."""
    gateway_part: str | None = None


@dataclass(frozen=True, slots=True)
class RoutePlan:
    """How cables run: along features that mean `route`, and the plan's own lines.

    `cable` and `power_cable` are parts; `slack_share` is added to each length, `end_m` at each end.
    """

    cable: str | None = None
    power_cable: str | None = None
    slack_share: float = 0.1
    end_m: float = 2.0
    snap_m: float = 5.0
    """How far a device may be from a route."""
    lines: Mapping[str, tuple[Place, ...]] = field(default_factory=dict[str, tuple[Place, ...]])


@dataclass(frozen=True, slots=True)
class Supply:
    """A point that power can be had from. `switch` is the part that feeds PoE here, `switches` how many (None: as many as it takes)."""

    id: str
    title: str
    place: Place
    kind: Literal["mains", "poe", "dc"]
    power_mw: float | None = None
    volts: float | None = None
    switch: str | None = None
    switches: int | None = 1


@dataclass(frozen=True, slots=True)
class Kit:
    """A battery with or without a panel. The panel's azimuth is clockwise from north, its tilt from level."""

    id: str
    title: str
    battery: str
    batteries: int = 1
    panel: str | None = None
    panels: int = 0
    converter: str | None = None
    azimuth_deg: float = 180.0
    tilt_deg: float = 45.0
    autonomy_d: float | None = None
    """Days that it must last without sun."""


@dataclass(frozen=True, slots=True)
class Work:
    """A workload that a node runs so many times a day; `where` fixes or leaves open where it is inferred."""

    workload: str
    per_day: float
    where: Literal["local", "uplink", "either"] = "either"


@dataclass(frozen=True, slots=True)
class Profile:
    """What a node does all day: seconds of it in each of its contract's power states (others keep what the contract says), inferences."""

    id: str
    seconds_per_day: Mapping[str, float] = field(default_factory=dict[str, float])
    work: tuple[Work, ...] = ()
    message_bytes: int | None = None
    messages_per_day: float | None = None
    samples_per_day: float | None = None
    sample_s: float | None = None


@dataclass(frozen=True, slots=True)
class Weather:
    """Where the sun's energy by month comes from: a monthly CSV of PVGIS, relative to the plan, or None: clear sky, an upper bound."""

    pvgis: str | None = None
    temperatures_c: tuple[float, ...] = ()
    """Mean of each month, January first; empty: 20 degrees, and said so."""


@dataclass(frozen=True, slots=True)
class Prices:
    """Money. `parts` override the catalogue's prices, `labour_s` its work (by part or kind); spares are bought on top, rounded up."""

    currency: str = "EUR"
    budget: Money | None = None
    spares_share: float = 0.0
    parts: Mapping[str, Money] = field(default_factory=dict[str, Money])
    labour_hour: Money | None = None
    labour_s: Mapping[str, float] = field(default_factory=dict[str, float])


@dataclass(frozen=True, slots=True)
class Variant:
    """A named set of changes to the plan, as written under `variants`; `load_plan(path, variant=name)` applies it."""

    id: str
    title: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A whole plan, and where each thing of it is written."""

    file: Path
    format: int
    name: str
    title: str
    frame: Frame
    survey: SurveyPlan
    terrain: Terrain | None
    cell_m: float
    zones: Mapping[str, Zone]
    catalogue: Catalogue
    mountings: Mapping[str, Mounting]
    nodes: Mapping[str, Node]
    gateways: Mapping[str, Gateway]
    links: Mapping[str, LinkWish]
    network: NetworkWish
    routes: RoutePlan
    supplies: Mapping[str, Supply]
    kits: Mapping[str, Kit]
    profiles: Mapping[str, Profile]
    weather: Weather
    prices: Prices
    variants: Mapping[str, Variant]
    variant: str | None = None
    """The variant that was applied."""
    inputs: tuple[str, ...] = ()
    """Every file that the plan names and that is read with it, relative to the plan: survey, terrain, catalogue, weather."""
    places: Mapping[str, Span] = field(default_factory=dict[str, Span], compare=False)
    """Where things are written, by path (`nodes.cam-1.height`)."""
    staged: Mapping[str, Path] = field(default_factory=dict[str, Path], compare=False)
    """Where files are that the plan names and that do not lie beside it yet: a survey that the planner has not saved."""
    idents: tuple[str, ...] = field(default=(), compare=False)
    """The ids of all nodes and gateways in the file, those of its variants too."""

    def beside(self, path: str) -> Path:
        """A file that the plan names."""
        return self.staged.get(path, self.file.parent / path)
