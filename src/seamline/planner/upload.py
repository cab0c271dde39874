"""A survey that was dropped on the page: what its features would be by the plan's rules, and every note."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path, PurePath
from typing import Final

from seamline.planner.desk import Desk
from seamline.planner.document import Json, shapes_json
from seamline.site.frame import SiteError
from seamline.site.living.document import polygons_of
from seamline.site.plan import resolve
from seamline.site.plan.model import Plan, RoutePlan, SurveyFile

SURVEY_BYTES_MAX: Final = 64 << 20
THINGS_MAX: Final = 2_000
"""Things that are listed; a survey may have more, and the answer says how many."""


def preview_json(desk: Desk, name: str, data: bytes) -> Json:
    """What a survey of that name would become under the plan's rules. Raises ContractErrors when it cannot be read."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / safe(name)
        file.write_bytes(data)
        site = resolve(bare(desk.plan, file))
    things = [
        {
            "id": thing.id,
            "name": thing.name,
            "folder": thing.folder,
            "meaning": thing.meaning.value,
            "line": thing.line,
            "height_m": thing.height_m,
            "ruled": thing.rule is not None,
            **shapes_json(thing.geometry),
        }
        for thing in site.things[:THINGS_MAX]
    ]
    return {
        "name": name,
        "frame": site.frame.crs,
        "boundary": polygons_of(site.boundary),
        "things": things,
        "count": len(site.things),
        "notes": [{"kind": note.kind, "where": note.where, "what": note.what, "remedy": note.remedy} for note in site.notes],
    }


def safe(name: str) -> str:
    """The last part of a name, which says what is in the file. SiteError for none."""
    found = PurePath(name.replace("\\", "/")).name
    if found in {"", ".", ".."} or "\0" in found:
        raise SiteError(f"{name!r} is no file's name; drop a file such as survey.kml")
    return found


def bare(plan: Plan, survey: Path) -> Plan:
    """The plan's rules over another survey, without anything that stands in the plan's own.

    A file that is called like one of the plan's is in that one's frame, where it names none itself.
    """
    named = [file.crs for file in plan.survey.files if PurePath(file.path).name == survey.name]
    return replace(
        plan,
        file=survey.parent / plan.file.name,
        survey=replace(plan.survey, files=(SurveyFile(survey.name, named[0] if named else None),)),
        terrain=None,
        zones={},
        nodes={},
        gateways={},
        supplies={},
        links={},
        routes=RoutePlan(),
    )
