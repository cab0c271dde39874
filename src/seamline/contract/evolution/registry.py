"""The registry of releases: a text file of one JSON object a line, only ever appended to, each line sealing the one before.

A line is an event: `release` freezes a version with its fingerprints and the SHA-256 of its file, `retire` says that no device has
it any more. `previous` is the SHA-256 of the line before (without its line end; 64 zeros for the first), so that no line can be
changed, moved or taken out of the middle unnoticed. The file is committed; nothing here reads or writes files.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import TYPE_CHECKING, Final, cast

from seamline.contract.evolution.fingerprint import fingerprint, layout_fingerprints

if TYPE_CHECKING:
    from seamline.contract.model import Contract

FILE: Final = "registry.jsonl"
"""Its name beside the released files."""
FIRST: Final = "0" * 64
EVENTS_MAX: Final = 1024
"""Lines read: 256 releases, each retired once, twice over."""


@dataclass(frozen=True, slots=True)
class Release:
    """A frozen version. `date` is YYYY-MM-DD, `sha256` that of the released file, `layouts` as `message/layout` to fingerprint."""

    version: str
    date: str
    sha256: str
    fingerprint: str
    layouts: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Retirement:
    """A version that the fleet had no device of, on that date."""

    version: str
    date: str


@dataclass(frozen=True, slots=True)
class Flaw:
    """A line (from 1) that does not hold, and what is wrong with it."""

    line: int
    text: str


@dataclass(frozen=True, slots=True)
class Registry:
    """What was released and retired, in order; `flaws` are lines that do not hold, `text` is the file."""

    text: str = ""
    releases: Mapping[str, Release] = field(default_factory=dict[str, Release])
    retired: tuple[str, ...] = ()
    flaws: tuple[Flaw, ...] = ()

    @property
    def in_field(self) -> tuple[str, ...]:
        """The versions that devices may still have."""
        return tuple(version for version in self.releases if version not in self.retired)

    def with_release(self, release: Release) -> str:
        """Return the file's text with one more release."""
        return self._with("release", {
            "version": release.version, "date": release.date, "fingerprint": release.fingerprint, "layouts": dict(release.layouts),
            "sha256": release.sha256,
        })  # fmt: skip

    def with_retirement(self, retirement: Retirement) -> str:
        """Return the file's text with one more retirement."""
        return self._with("retire", {"version": retirement.version, "date": retirement.date})

    def _with(self, event: str, members: Mapping[str, object]) -> str:
        lines = _lines(self.text)
        sealed = {"event": event, **members, "previous": _seal(lines[-1]) if lines else FIRST}
        return "".join(f"{line}\n" for line in (*lines, json.dumps(sealed, ensure_ascii=False)))


def release_of(contract: Contract, content: bytes, date: str) -> Release:
    """Return the release of a contract whose file has that content."""
    return Release(contract.version, date, sha256(content).hexdigest(), fingerprint(contract), layout_fingerprints(contract))


def read(text: str) -> Registry:
    """Return what the file says; what does not hold is among its flaws, and never raises."""
    releases: dict[str, Release] = {}
    retired: list[str] = []
    flaws: list[Flaw] = []
    expected = FIRST
    lines = _lines(text)
    if len(lines) > EVENTS_MAX:
        flaws.append(Flaw(EVENTS_MAX + 1, f"more than {EVENTS_MAX} lines (events_max)"))
    for number, line in enumerate(lines[:EVENTS_MAX], 1):
        event = _parsed(line)
        if event is None:
            flaws.append(Flaw(number, "it is no line of a registry"))
        elif event["previous"] != expected:
            flaws.append(Flaw(number, "the lines before it are not those it was written after"))
        if event is not None:
            problem = _entered(event, releases, retired)
            flaws += [Flaw(number, problem)] if problem else []
        expected = _seal(line)
    return Registry(text, releases, tuple(retired), tuple(flaws))


def _lines(text: str) -> list[str]:
    """Return the lines; only a line feed ends one, whatever else a text may hold."""
    lines = text.split("\n")
    return lines if lines[-1] else lines[:-1]


def _seal(line: str) -> str:
    return sha256(line.encode()).hexdigest()


_MEMBERS: Final = {
    "release": {"event", "version", "date", "fingerprint", "layouts", "sha256", "previous"},
    "retire": {"event", "version", "date", "previous"},
}


def _parsed(line: str) -> Mapping[str, object] | None:
    try:
        event: object = json.loads(line)
    except (ValueError, RecursionError):
        return None
    if not isinstance(event, dict):
        return None
    members = cast("dict[str, object]", event)
    if set(members) != _MEMBERS.get(str(members.get("event"))):
        return None
    layouts = members.get("layouts", {})
    values = cast("dict[str, object]", layouts).values() if isinstance(layouts, dict) else (None,)
    texts = (*(value for name, value in members.items() if name != "layouts"), *values)
    return members if all(isinstance(value, str) for value in texts) else None


def _entered(event: Mapping[str, object], releases: dict[str, Release], retired: list[str]) -> str | None:
    """Enter one event; return why it cannot be."""
    version = cast("str", event["version"])
    if event["event"] == "retire":
        if version not in releases or version in retired:
            return f"{version} is retired, but was not in the field"
        retired.append(version)
        return None
    if version in releases:
        return f"{version} is released twice"
    texts = cast("Mapping[str, str]", event)
    layouts = cast("Mapping[str, str]", event["layouts"])
    releases[version] = Release(version, texts["date"], texts["sha256"], texts["fingerprint"], layouts)
    return None
