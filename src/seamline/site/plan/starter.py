"""A first plan: the template with the site's name, and its survey."""

from __future__ import annotations

import re
from importlib.resources import files
from pathlib import Path
from typing import Final

from seamline.site.plan.matching import slug

SAMPLE: Final = re.compile("#SAMPLE\n(.*?)#SAMPLE\n", re.DOTALL)
"""What is only in the plan of the survey that comes with it."""


def starter(name: str, survey: Path | None) -> tuple[tuple[str, bytes], ...]:
    """The files of a first plan: names and contents. Without a survey, a small one is among them."""
    folder = files("seamline.site.plan.template")
    text = folder.joinpath("plan.yaml").read_text("utf-8")
    if survey is None:
        named, data = "survey.geojson", folder.joinpath("survey.geojson").read_bytes()
    else:
        named, data = survey.name, survey.read_bytes()
    text = SAMPLE.sub(r"\1" if survey is None else "", text)
    quoted = (
        named if re.fullmatch(r"[A-Za-z][A-Za-z0-9._-]*", named) else '"' + named.replace("\\", "\\\\").replace('"', '\\"') + '"'
    )
    text = text.replace("SURVEY", quoted).replace("SITE", slug(name, "site"))
    return (("plan.yaml", text.encode()), (named, data))
