"""Which rule of a plan says what a feature of the survey means."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Final

from seamline.site.plan.model import Rule
from seamline.site.survey.feature import Feature, Value

KINDS: Final = {
    "Point": "point",
    "MultiPoint": "point",
    "LineString": "line",
    "MultiLineString": "line",
    "LinearRing": "line",
    "Polygon": "polygon",
    "MultiPolygon": "polygon",
}
"""What rules call a geometry; a collection of several kinds is none of them."""
_NUMBER: Final = re.compile(r"\s*([-+]?[0-9]+(?:[.,][0-9]+)?)\s*(m|meter|metre|metres|ft|feet|')?\s*", re.IGNORECASE)
FOOT_M: Final = 0.3048
"""The international foot (1959)."""


def text_of(properties: Mapping[str, Value], name: str) -> str:
    """A property as text, empty when it is missing; names are compared without letter case."""
    found = properties.get(name)
    if found is None:
        found = next((value for key, value in properties.items() if key.casefold() == name.casefold()), None)
    return "" if found is None else str(found)


def matches(glob: str | None, text: str) -> bool:
    """Whether a glob that may be left out fits a text, letter case aside."""
    return glob is None or fnmatchcase(text.casefold(), glob.casefold())


def rule_of(feature: Feature, file: str, rules: Sequence[Rule]) -> int | None:
    """The first rule that all of a feature fits; None when there is none."""
    for at, rule in enumerate(rules):
        if (
            matches(rule.file, file)
            and matches(rule.folder, text_of(feature.properties, "folder"))
            and matches(rule.name, text_of(feature.properties, "name"))
            and rule.geometry in {None, KINDS.get(feature.geometry.geom_type)}
            and all(matches(glob, text_of(feature.properties, name)) for name, glob in rule.properties)
        ):
            return at
    return None


def metres_of(text: str) -> float | None:
    """A length as surveys write it (`9.5`, `9,5`, `9.5 m`, `31 ft`), in metres; None when it is no length."""
    found = _NUMBER.fullmatch(text)
    if found is None:
        return None
    number = float(found[1].replace(",", "."))
    return number * FOOT_M if (found[2] or "m").casefold() in {"ft", "feet", "'"} else number


def refers(glob: str, folder: str, name: str) -> bool:
    """Whether a reference of the plan means a feature: by its name, or by `Folder/Name`."""
    return matches(glob, name) or (bool(folder) and matches(glob, f"{folder}/{name}"))


def slug(name: str, otherwise: str) -> str:
    """A name as an id: small letters and figures, with dashes."""
    return re.sub("[^a-z0-9]+", "-", name.casefold()).strip("-")[:40] or otherwise


def numbered(wanted: str, taken: dict[str, int]) -> str:
    """The id, with a number when it is taken already. `taken` are all ids, each with the last number that was tried after it."""
    found, number = wanted, taken.get(wanted, 0)
    while found in taken:
        number += 1
        found = f"{wanted}-{number + 1}"
    taken[wanted] = number
    taken.setdefault(found, 0)
    return found
