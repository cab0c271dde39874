"""What a plan that was kept remembers of the run that it was kept for: what broke, when, and what that run had met."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

TEXTS = ("promise", "what", "on", "code", "contracts", "events", "why")


class KeptError(ValueError):
    """What a plan says about its keeping cannot be read; the message names the place."""


@dataclass(frozen=True, slots=True)
class Kept:
    """The run behind a kept plan. Every text may be empty: nothing was broken, or nobody knows."""

    promise: str = ""
    """The promise that broke."""
    what: str = ""
    """How."""
    on: str = ""
    """The day on which it was kept, YYYY-MM-DD."""
    code: str = ""
    """The version of Seamline that ran it."""
    contracts: str = ""
    """Digest of the contracts it ran with."""
    events: str = ""
    """Hash over that run's events."""
    why: str = ""
    """What a person said about it."""
    reached: tuple[str, ...] = ()
    """The rare states that it met before it broke."""

    def document(self) -> dict[str, object]:
        """As it stands in a plan's JSON."""
        texts: dict[str, object] = {name: getattr(self, name) for name in TEXTS if getattr(self, name)}
        return texts | ({"reached": list(self.reached)} if self.reached else {})

    @property
    def story(self) -> str:
        """What it once broke, and when, in a line."""
        broke = f"broke {self.promise}" if self.promise else "was kept"
        when = f" on {self.on}" if self.on else ""
        return broke + when + (f" with Seamline {self.code}" if self.code else "") + (f": {self.why}" if self.why else "")


def parse_kept(members: object) -> Kept | None:
    """Read the member `kept` of a plan; None: there is none. Raises KeptError naming what is wrong."""
    if members is None:
        return None
    if not isinstance(members, dict):
        raise KeptError("the plan's `kept` is no JSON object")
    given = cast("Mapping[str, object]", members)
    unknown = sorted(set(given) - {*TEXTS, "reached"})
    if unknown:
        raise KeptError(f"the plan's `kept` has an unknown member {unknown[0]!r}")
    texts: dict[str, str] = {}
    for name in TEXTS:
        text = given.get(name, "")
        if not isinstance(text, str):
            raise KeptError(f"the plan's `kept`: {name} is {text!r}; a text is needed")
        texts[name] = text
    reached = given.get("reached", [])
    listed = cast("list[object]", reached) if isinstance(reached, list) else [None]
    if not all(isinstance(name, str) for name in listed):
        raise KeptError("the plan's `kept`: reached is no list of names")
    return Kept(**texts, reached=tuple(cast("list[str]", listed)))
