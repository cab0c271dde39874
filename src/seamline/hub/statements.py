"""Named SQL from `hub/sql/*.sql`: a statement begins with `-- name: NAME` and ends with the file or the next name."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Final, LiteralString, cast

from psycopg import sql

_NAME: Final = re.compile(r"^-- name: (\w+)$", re.MULTILINE)


def trusted(text: str) -> sql.SQL:
    """SQL text from our own files and constants."""
    return sql.SQL(cast("LiteralString", text))


@cache
def library(file: str) -> Mapping[str, sql.SQL]:
    """The statements of one file, by name. Raises FileNotFoundError."""
    text = files("seamline.hub.sql").joinpath(f"{file}.sql").read_text(encoding="utf-8")
    _, *parts = _NAME.split(text)
    found = zip(parts[::2], parts[1::2], strict=True)
    return {name: trusted(body.strip().removesuffix(";")) for name, body in found}
