"""`seamline site`: surveys and plans of sites."""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from collections import Counter
from dataclasses import replace as replaced
from pathlib import Path

from seamline.cli.exits import OK, PROMISE_BROKEN, PromiseBroken, WrongUse
from seamline.cli.extras import module_of
from seamline.cli.words import quantity


def convert(options: argparse.Namespace) -> int:
    """Read a survey, write GeoJSON, say what was read and every note; exit 1 when it cannot be read, or nothing of it is left."""
    module_of("seamline.site.survey", "site")
    from seamline.site.plan.straying import strays
    from seamline.site.survey import SurveyError, read
    from seamline.site.survey.geojson import as_geojson

    try:
        survey = read(options.survey, options.crs)
        survey = replaced(survey, notes=[*survey.notes, *strays(survey.features)])
    except SurveyError as error:
        raise PromiseBroken(str(error)) from None
    text = json.dumps(as_geojson(survey), ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    if str(options.out) == "-":
        sys.stdout.write(text + "\n")
    else:
        replace(options.out, text)
    kinds = Counter(feature.geometry.geom_type for feature in survey.features)
    listed = ", ".join(f"{count} {kind}" for kind, count in sorted(kinds.items())) or "nothing"
    sys.stderr.write(f"{options.survey}: {quantity(len(survey.features), 'feature')} ({listed})\n")
    for note in survey.notes:
        sys.stderr.write(f"  {note}\n")
    if survey.is_used_up:
        raise PromiseBroken(f"{options.survey}: nothing of it can be used: all was left out, as the notes say")
    left_out = any(note.kind == "left out" for note in survey.notes)
    return PROMISE_BROKEN if options.strict and left_out else OK


def replace(path: Path, text: str) -> None:
    """Write a file whole, or leave what was there; WrongUse where none can be written."""
    made: Path | None = None
    try:
        with tempfile.NamedTemporaryFile(
            "w", dir=path.absolute().parent, prefix=f".{path.name}.", delete=False, encoding="utf-8"
        ) as file:
            made = Path(file.name)
            file.write(text)
        umask = os.umask(0)
        os.umask(umask)
        made.chmod(0o666 & ~umask)
        made.replace(path)
    except OSError as error:
        if made is not None:
            made.unlink(missing_ok=True)
        raise WrongUse(f"{path}: no file can be written there: {error.strerror or error}") from None
