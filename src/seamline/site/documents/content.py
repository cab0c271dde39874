"""The content of a plan as one hash, which stands on every document, and what went into it.

Two plans have one content when every document made of them is the same. Into it go the plan's values and the lines on which they are
written (documents name them), with the variant; every byte of every file that is read with it; the catalogue; and the version of the
documents themselves. Comments, the plan's own place on disk and the time do not.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass
from enum import Enum
from glob import escape
from pathlib import Path
from typing import Final, cast

from seamline.site.frame import SiteError
from seamline.site.plan.model import Plan

FORMAT: Final = 2
"""Of the documents: raised by every change to what is worked out or how it is written."""
BESIDE: Final = frozenset({"file", "places", "inputs", "catalogue", "staged"})
"""Of a plan: what is hashed in another way, or not at all."""
SIDECARS: Final = frozenset({".dbf", ".shx", ".prj", ".cpg", ".qpj", ".sbn", ".sbx"})
"""The files beside a shapefile that it is read with."""
INPUT_BYTES_MAX: Final = 1 << 32
CHUNK: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class Content:
    """SHA-256 sums as 64 hexadecimal digits: of the plan's values, of each file it reads, and of the catalogue."""

    plan: str
    inputs: Mapping[str, str]
    catalogue: str

    @property
    def hash(self) -> str:
        """The hash of all of it, as it stands on documents: `sha256:` and 64 digits."""
        return f"sha256:{_sum(self.parts)}"

    @property
    def parts(self) -> dict[str, object]:
        """What goes into the hash."""
        return {"format": FORMAT, "plan": self.plan, "inputs": dict(sorted(self.inputs.items())), "catalogue": self.catalogue}

    @property
    def short(self) -> str:
        """The first digits, for people to compare."""
        return self.hash[7:19]


def content_of(plan: Plan) -> Content:
    """Hash a plan and read every file that it names; SiteError when one cannot be read."""
    values = {field.name: canonical(getattr(plan, field.name)) for field in fields(plan) if field.name not in BESIDE}
    lines = [[path, span.line] for path, span in sorted(plan.places.items())]
    inputs = {name: _file(plan.beside(name), name) for name in read_with(plan)}
    return Content(_sum({"values": values, "name": plan.file.name, "lines": lines}), inputs, _sum(canonical(plan.catalogue)))


def read_with(plan: Plan) -> tuple[str, ...]:
    """Every file that is read with a plan, relative to it: inputs, the other files of shapefiles, contracts."""
    found: dict[str, None] = {}
    for name in plan.inputs:
        found[name] = None
        path = plan.beside(name)
        if path.suffix.lower() == ".shp":
            for other in sorted(path.parent.glob(f"{escape(path.stem)}.*")):
                if other.suffix.lower() in SIDECARS:
                    found[(Path(name).parent / other.name).as_posix()] = None
    for node in plan.nodes.values():
        if node.product is not None:
            found[(Path(node.product) / "contract.yaml").as_posix()] = None
    return tuple(found)


def canonical(value: object) -> object:
    """A value as JSON that is the same for the same value: dataclasses by their fields, mappings in their order, which matters."""
    if isinstance(value, Enum):
        return canonical(value.value)
    if is_dataclass(value) and not isinstance(value, type):
        told = {field.name: canonical(getattr(value, field.name)) for field in fields(value)}
        return {"": type(value).__name__, **told}
    if isinstance(value, Mapping):
        return [[canonical(key), canonical(one)] for key, one in cast("Mapping[object, object]", value).items()]
    if isinstance(value, (tuple, list)):
        return [canonical(one) for one in cast("tuple[object, ...]", value)]
    if value is None or isinstance(value, (str, int, float, bool)):
        return value
    raise TypeError(f"a plan holds a {type(value).__name__}, and documents know no canonical form of it")


def _sum(value: object) -> str:
    text = json.dumps(value, ensure_ascii=True, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


def _file(path: Path, name: str) -> str:
    digest, read = hashlib.sha256(), 0
    try:
        with path.open("rb") as file:
            while chunk := file.read(CHUNK):
                digest.update(chunk)
                read += len(chunk)
                if read > INPUT_BYTES_MAX:
                    raise SiteError(f"{name} has more than {INPUT_BYTES_MAX >> 30} GiB; thin it out")
    except OSError as error:
        raise SiteError(f"{name}: it cannot be read: {error.strerror or error}") from None
    return digest.hexdigest()
