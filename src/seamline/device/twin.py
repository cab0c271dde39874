"""Desired and reported state. The hub's document holds everything unresolved, so a lost message cannot lose a wish.

Versions of the two directions are separate counters. Ours restart with each boot and are lifted, once, above what the hub
already knows (`known` in the first session), so a report of this boot is never taken for an older one.
"""

from .control import Twin as Wishes, is_text, is_value
from .errors import ReportError
from .policy import Policy
from .shapes import Document, Wish

UNKNOWN_PROPERTY = "unknown_property"
UNKNOWN_MAX = 32  # wishes for properties this firmware does not have, answered with a fault


class Reported:
    """The value in force of one property."""

    __slots__ = ("at_ms", "based_on", "fault", "value", "version")

    def __init__(self, value: object, version: int, at_ms: int, based_on: "int | None", fault: "str | None") -> None:
        """Hold the report."""
        self.value = value
        self.version = version
        self.at_ms = at_ms
        self.based_on = based_on
        self.fault = fault

    def document(self) -> Document:
        """As it goes on the wire."""
        return {"value": self.value, "version": self.version, "at_ms": self.at_ms, "based_on": self.based_on, "fault": self.fault}


class Twin:
    """What was wished, what is in force, and what the hub still has to hear."""

    def __init__(self, policy: Policy) -> None:
        """Nothing wished, nothing reported."""
        self._properties = policy.properties
        self._seen: dict[str, int] = {}
        self._reported: dict[str, Reported] = {}
        self._known: dict[str, int] = {}
        self._versions: dict[str, int] = {}
        self._lifted = False  # the first session of this boot told what the hub knows
        self._unheard: list[str] = []  # reports the hub does not have
        self._due = False  # something to say

    def receive(self, document: Wishes, now_ms: int, unix_ms: "int | None") -> list[Wish]:
        """Take the hub's document; the wishes to apply, sorted by property. `unix_ms`: the earliest it can be, where known."""
        if document.known is not None:
            self._learn(document.known)
        wishes: list[Wish] = []
        for wish in document.desired:
            name, _, version, expires_ms = wish
            if version <= self._seen.get(name, -1):
                self._due = True  # asked again: the hub was not heard to know that it was seen
                continue
            known = name in self._properties
            if not known and name not in self._seen and len(self._seen) >= len(self._properties) + UNKNOWN_MAX:
                continue
            self._seen[name] = version
            self._due = True
            if not known:
                self.report(now_ms, name, None, version, UNKNOWN_PROPERTY)
            elif expires_ms is None or unix_ms is None or unix_ms <= expires_ms:
                wishes.append(wish)
        return wishes

    def check(self, prop: str, value: object, fault: "str | None") -> None:
        """Raises ReportError for what cannot be reported."""
        if prop not in self._properties:
            raise ReportError(f"property {prop!r} is not in the policy")
        if not is_value(value):
            raise ReportError(f"property {prop!r}: {value!r} cannot be told; use a raw whole number, a bool, a text or None")
        if fault is not None and not is_text(fault):
            raise ReportError(f"property {prop!r}: the fault {fault!r} is no text")

    def report(self, now_ms: int, name: str, value: object, based_on: "int | None", fault: "str | None") -> None:
        """`value` is in force; `based_on` is the wish it answers, `fault` why that was refused."""
        version = self._versions.get(name, 0) + 1
        self._versions[name] = version
        self._reported[name] = Reported(value, version, now_ms, based_on, fault)
        if name not in self._unheard:
            self._unheard.append(name)
        self._due = True

    def renew(self) -> None:
        """A session began: say again what was seen and what the hub does not have."""
        self._lifted = True
        self._unheard = self._newer()
        self._due = bool(self._seen or self._unheard)

    def again(self, versions: dict[str, int], *, seen: bool) -> None:
        """A message with these reports was lost: say again those that are in force, and with `seen` what was seen."""
        for name in sorted(versions):
            version = self._reported[name].version
            if version == versions[name] and version > self._known.get(name, 0):
                self._unheard.append(name)
                seen = True
        self._due = self._due or seen

    def unheard(self) -> dict[str, int]:
        """The reports that are to be said, with their versions."""
        return {name: self._reported[name].version for name in self._unheard}

    def due(self) -> bool:
        """True when there is something to say."""
        return self._due

    def take(self) -> Document:
        """What to say now."""
        reported = {name: self._reported[name].document() for name in self._unheard}
        self._unheard = []
        self._due = False
        return {"seen": dict(self._seen), "reported": reported}

    def forget(self) -> None:
        """The hub lost its memory (a new generation): its versions count anew."""
        self._seen = {}

    def _learn(self, known: dict[str, int]) -> None:
        self._known = known
        if not self._lifted:
            for name in sorted(known):
                self._versions[name] = self._versions.get(name, 0) + known[name]
                if name in self._reported:
                    self._reported[name].version += known[name]
        for name in self._newer():
            if name not in self._unheard:
                self._unheard.append(name)
                self._due = True

    def _newer(self) -> list[str]:
        return [name for name in sorted(self._reported) if self._reported[name].version > self._known.get(name, 0)]
