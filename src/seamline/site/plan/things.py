"""Features of a survey into things of a site: what they mean, in local metres, with their heights, and a note on everything else."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

import shapely
from pyproj import Transformer
from shapely.geometry.base import BaseGeometry

from seamline.contract.problems import Span
from seamline.site.plan.local import LocalFrame
from seamline.site.plan.matching import metres_of, numbered, rule_of, slug, text_of
from seamline.site.plan.model import Height, Meaning, Plan, SurveyFile
from seamline.site.plan.shaping import shaped
from seamline.site.plan.site import SiteNote, Thing
from seamline.site.survey import Feature, Survey
from seamline.site.survey.frame import frame_named

FAR_M: Final = 10_000.0
"""No thing of a site lies farther from its boundary: the kernel does not reach farther."""
TALL_M: Final = 250.0
"""A height above this is doubted: feet, centimetres, or height above the sea."""
AREA_LEAST_M2: Final = 0.01
TOUCH_M: Final = 0.05
"""How far two outlines that are meant to be one may lie apart."""
DEGREE_M: Final = 111_195.0
"""A degree of a great circle on a sphere of 6,371 km."""

EXCHANGED: Final = "longitude and latitude are exchanged: correct them in the survey"


@dataclass(slots=True)
class Noted:
    """Notes, in the order in which they arose."""

    all: list[SiteNote] = field(default_factory=list["SiteNote"])

    def add(self, kind: Literal["repaired", "left out", "unmatched", "doubt"], where: str, what: str, remedy: str) -> None:
        """Add one."""
        self.all.append(SiteNote(kind, where, what, remedy))


@dataclass(slots=True)
class Surveyed:
    """One file of the survey, read, with the rule of each feature (None: no rule matched)."""

    file: SurveyFile
    survey: Survey
    rules: list[int | None]

    @property
    def features(self) -> Sequence[Feature]:
        """The features."""
        return self.survey.features

    def where(self, feature: Feature) -> str:
        """The file, with the feature's line where it is known."""
        return f"{self.file.path}:{feature.line}" if feature.line else self.file.path

    def meant(self, notes: Noted) -> list[tuple[Feature, int]]:
        """The features that a rule matched; a note on each of the others."""
        found: list[tuple[Feature, int]] = []
        for feature, rule in zip(self.features, self.rules, strict=True):
            if rule is None:
                what, remedy = f"{label(feature)}: no rule says what it means", "add a rule, or one with 'is: ignore'"
                notes.add("unmatched", self.where(feature), what, remedy)
            else:
                found.append((feature, rule))
        return found


@dataclass(frozen=True, slots=True)
class Ground:
    """Where the site is: its frame, its boundary in metres, the middle in degrees, and how far from there it reaches in metres."""

    frame: LocalFrame
    boundary: BaseGeometry
    middle: tuple[float, float]
    radius: float


def surveyed(file: SurveyFile, survey: Survey, plan: Plan) -> Surveyed:
    """A file's features with their rules."""
    return Surveyed(file, survey, [rule_of(feature, file.path, plan.survey.rules) for feature in survey.features])


def things_of(files: Sequence[Surveyed], plan: Plan, ground: Ground, notes: Noted) -> tuple[Thing, ...]:
    """Everything that has a meaning and can be used, each with an id of its own."""
    found: list[Thing] = []
    taken: dict[str, int] = {}
    for file in files:
        kept = [(feature, rule) for feature, rule in file.meant(notes) if plan.survey.rules[rule].meaning is not Meaning.IGNORE]
        kept = [(feature, rule) for feature, rule in kept if not far(file, feature, ground, notes)]
        local = ground.frame.to_local_all([feature.geometry for feature, _ in kept])
        for (feature, rule), geometry in zip(kept, local, strict=True):
            where = file.where(feature)
            draft = draft_of(feature, rule, geometry, where, plan, notes)
            if draft is not None:
                outside(draft, feature, ground.boundary, where, notes)
                found.append(named(draft, file.file.path, feature, taken))
    return tuple(found)


@dataclass(frozen=True, slots=True)
class Draft:
    """A thing before it has its id."""

    meaning: Meaning
    geometry: BaseGeometry
    height_m: float | None
    rule: Span


def draft_of(feature: Feature, rule: int, geometry: BaseGeometry, where: str, plan: Plan, notes: Noted) -> Draft | None:
    """What a feature is; None, and a note, when it cannot be that."""
    name = label(feature)
    meaning = plan.survey.rules[rule].meaning
    made, done = shaped(geometry, meaning, filled=plan.survey.rules[rule].filled)
    if made is None or made.is_empty:
        notes.add(
            "left out",
            where,
            f"{name}: {done or 'nothing is left of it'}",
            "draw it as an area, a line or a point, as its meaning needs it, or change the rule",
        )
        return None
    if made.geom_type.endswith("Polygon") and made.area < AREA_LEAST_M2:
        notes.add("left out", where, f"{name}: its area is {made.area:.4f} m2", "is it drawn in another frame?")
        return None
    if done:
        notes.add("repaired", where, f"{name}: {done}", f"draw it otherwise if that is not meant ({meaning.value})")
    asked = plan.survey.rules[rule].height
    height = None if asked is None else height_of(feature, asked, where, notes)
    if height is None and meaning in {Meaning.BUILDING, Meaning.OBSTRUCTION}:
        return None
    return Draft(meaning, made, height, plan.places[f"survey.rules.{rule}"])


def height_of(feature: Feature, asked: Height, where: str, notes: Noted) -> float | None:
    """A feature's height; None, and a note, when it has none that can be meant."""
    name, remedy = label(feature), "give the height in metres in the survey, or a default in the rule"
    text = "" if asked.property is None else text_of(feature.properties, asked.property)
    if not text:
        if asked.metres is None:
            notes.add("left out", where, f"{name}: it has no property '{asked.property}' for its height", remedy)
        elif asked.property is not None:
            notes.add("doubt", where, f"{name}: no property '{asked.property}'; {asked.metres:g} m is taken", remedy)
        return asked.metres
    found = metres_of(text)
    if found is None or found <= 0:
        what = (
            f"its height is {text!r}, which is no length"
            if found is None
            else f"its height is {found:g} m: it would hide nothing"
        )
        if asked.metres is None:
            notes.add("left out", where, f"{name}: {what}", remedy)
        else:
            notes.add("doubt", where, f"{name}: {what}; {asked.metres:g} m is taken", remedy)
        return asked.metres
    if found > TALL_M:
        notes.add("doubt", where, f"{name}: it is {found:g} m high", "is this in feet or centimetres, or a height above the sea?")
    return found


def far(file: Surveyed, feature: Feature, ground: Ground, notes: Noted) -> bool:
    """Whether a feature lies where the site cannot be; a note with what is probably wrong."""
    west, south, east, north = feature.geometry.bounds
    middle = ((west + east) / 2, (south + north) / 2)
    why = astray(middle, ground.middle, FAR_M + ground.radius)
    if why is None:
        return False
    away = apart(middle, ground.middle)
    if why == "exchanged":
        remedy = EXCHANGED
    elif file.file.crs is not None and as_degrees(file.file.crs, *middle):
        remedy = f"its degrees are taken for metres of {file.file.crs}: leave 'crs' out, or name the right frame"
    else:
        remedy = "is its file in another frame than it says? Name it with 'crs', or let a rule ignore the feature"
    notes.add("left out", file.where(feature), f"{label(feature)}: it lies {away / 1000:,.0f} km from the site", remedy)
    return True


def astray(place: tuple[float, float], about: tuple[float, float], reach: float) -> Literal["exchanged", "far"] | None:
    """Whether a place in degrees lies farther than so many metres from another, and would not with its axes exchanged."""
    if apart(place, about) <= reach:
        return None
    return "exchanged" if apart((place[1], place[0]), about) <= reach else "far"


def apart(a: tuple[float, float], b: tuple[float, float]) -> float:
    """About how many metres lie between two places in degrees; good enough to tell a site from another country."""
    wide = math.cos(math.radians((a[1] + b[1]) / 2))
    turn = (a[0] - b[0] + 180) % 360 - 180
    return math.hypot(turn * wide, a[1] - b[1]) * DEGREE_M


def as_degrees(crs: str, lon: float, lat: float) -> bool:
    """Whether a place of a file in that frame was written as numbers that can be degrees."""
    frame = frame_named(crs, crs)
    if not frame.is_projected:
        return False
    x, y = Transformer.from_crs("EPSG:4326", frame, always_xy=True).transform(lon, lat)
    return abs(x) <= 180 and abs(y) <= 180


def outside(draft: Draft, feature: Feature, boundary: BaseGeometry, where: str, notes: Noted) -> None:
    """A note when a thing lies outside the boundary, or a zone does in part."""
    away = draft.geometry.distance(boundary)
    if away > 0:
        remedy = "extend the boundary, or let a rule ignore it"
        notes.add("doubt", where, f"{label(feature)}: it lies outside the boundary, by {away:.1f} m", remedy)
    elif draft.meaning is Meaning.ZONE:
        out = draft.geometry.difference(boundary.buffer(TOUCH_M)).area
        if out >= AREA_LEAST_M2:
            what = f"{label(feature)}: {out:.1f} m2 of the zone lie outside the boundary"
            notes.add("doubt", where, what, "correct one of the two")


def label(feature: Feature) -> str:
    """How a note names a feature."""
    name = text_of(feature.properties, "name")
    if name:
        return f"{feature.geometry.geom_type} {name!r}"
    layer, (east, north) = text_of(feature.properties, "layer"), shapely.get_coordinates(feature.geometry)[0]
    of = f" of layer {layer!r}" if layer else ""
    return f"a {feature.geometry.geom_type}{of} without a name, at {east:.6f}, {north:.6f}"


def named(draft: Draft, file: str, feature: Feature, taken: dict[str, int]) -> Thing:
    """The thing, with an id of its own."""
    name = text_of(feature.properties, "name")
    return Thing(
        id=numbered(slug(name, draft.meaning.value), taken),
        meaning=draft.meaning,
        name=name,
        folder=text_of(feature.properties, "folder"),
        file=file,
        line=feature.line,
        geometry=draft.geometry,
        height_m=draft.height_m,
        properties=feature.properties,
        rule=draft.rule,
    )
