"""What a device may say: the control messages of docs/wire.md as frozen values.

`parse(kind, payload)` gives one of Birth, Death, Anchor, Probe, TwinReport, or raises InputError with a reason code and the
place; no bytes raise anything else. Members this hub does not know are ignored, so that a newer device is not locked out. For the same
reason the words of `reset`, `last_end` and `failures` are kept as said and not held against a list.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, NamedTuple, TypeAlias

from seamline.hub.members import (
    InputError,
    Json,
    Reason,
    as_int,
    as_list,
    as_object,
    as_row,
    as_text,
    as_token,
    need,
    read_object,
)

U8_MAX: Final = 0xFF
U16_MAX: Final = 0xFFFF
U32_MAX: Final = 0xFFFF_FFFF
I64_MAX: Final = (1 << 63) - 1
UPTIME_MS_MAX: Final = (1 << 48) - 1
"""Uptime is 48 bits in the frame: 8,900 years."""
UNIX_MS_MAX: Final = 253_402_300_799_999
"""The end of the year 9999, the last a calendar of four digits can show."""
UNCERTAINTY_MS_MAX: Final = 366 * 86_400_000
"""An anchor that may be wrong by more than a year says nothing."""
HELD_MAX: Final = 2_048
"""Ranges a birth may list as held."""
ENDED_MAX: Final = 2_048
"""Ranges of ended boots a birth may list."""
ENDED_RECORDS_MAX: Final = 1 << 40
"""Records the ended boots of one birth may have numbered together: one a millisecond for 34 years. Sums of books stay in 63 bits."""
UNANSWERED_MAX: Final = U16_MAX
"""Questions in a row that a probe may say went unanswered; a device closes its session after three (docs/wire.md)."""
FAILURES_MAX: Final = 64
"""Kinds of connect failures a birth may list."""
PROPERTIES_MAX: Final = 256
"""Properties a twin message may name."""

_SEQUENCE: Final = (0, U32_MAX)
_END: Final = (0, U32_MAX + 1)
_BOOT: Final = (1, U32_MAX)

Value: TypeAlias = bool | int | str | None
"""A twin property's value: raw integer, truth value, or a word; null: the device has none yet."""


class Source(StrEnum):
    """Where an anchor's time comes from."""

    HUB = "hub"
    NTP = "ntp"
    GNSS = "gnss"
    RTC = "rtc"

    __hash__ = str.__hash__  # the same, without a call of Python's


_SOURCES: Final = {source.value: source for source in Source}


class Held(NamedTuple):
    """Records first..end-1, which the device still keeps."""

    boot: int
    channel: int
    first: int
    end: int


class Ended(NamedTuple):
    """Boots boot_first..boot_last (inclusive) are over; each numbered less than `upper` on this channel."""

    boot_first: int
    boot_last: int
    channel: int
    upper: int


@dataclass(frozen=True, slots=True)
class Said:
    """What every control message carries. `uptime_ms` is when it was sent; `heard_ms` the uptime of the last downlink heard."""

    incarnation: int
    boot: int
    session: int
    uptime_ms: int
    heard_ms: int | None

    @property
    def order(self) -> tuple[int, int]:
        """(boot, session): how the sessions of one incarnation follow each other."""
        return (self.boot, self.session)


@dataclass(frozen=True, slots=True)
class Birth(Said):
    """A session begins. `held` and `ended` are the inventory; `failures` are (reason, count) since the last session."""

    contract: str
    firmware: str
    image: str | None
    slot: str | None
    reset: str
    epoch: int
    last_end: str | None
    failures: tuple[tuple[str, int], ...]
    held: tuple[Held, ...]
    ended: tuple[Ended, ...]

    @property
    def product(self) -> str:
        """The product of the contract, `heater` of `heater/1.3.0`."""
        return self.contract.partition("/")[0]


@dataclass(frozen=True, slots=True)
class Death(Said):
    """The Last Will: this session ended without goodbye. `uptime_ms` is that of the connect."""


@dataclass(frozen=True, slots=True)
class Word(Said):
    """Said again until the hub has taken it; `number` counts the words of the session from 1. None: it is said once."""

    number: int | None


@dataclass(frozen=True, slots=True)
class Anchor(Word):
    """At uptime `at_ms` it was `unix_ms` (Unix time), give or take `uncertainty_ms`, says `source`."""

    at_ms: int
    unix_ms: int
    source: Source
    uncertainty_ms: int


@dataclass(frozen=True, slots=True)
class Probe(Said):
    """The device waits for marks: its `probe`-th question in the session, after `unanswered` that went unanswered."""

    probe: int
    unanswered: int


@dataclass(frozen=True, slots=True)
class ReportedValue:
    """One property as the device has it. `at_ms` is uptime; `based_on` the desired version it answers; `fault` why it refused."""

    value: Value
    version: int
    at_ms: int
    based_on: int | None
    fault: str | None


@dataclass(frozen=True, slots=True)
class TwinReport(Word):
    """Reported state, and the desired versions that were seen (received, not necessarily applied)."""

    seen: Mapping[str, int]
    reported: Mapping[str, ReportedValue]


Head: TypeAlias = tuple[int, int, int, int, int | None]
"""The members of `Said`."""
Input: TypeAlias = Birth | Death | Anchor | Probe | TwinReport


def parse(kind: str, payload: bytes) -> Input:
    """Read the control message published on `up/<device>/<kind>`. Raises InputError; `kind` data is a frame, not control."""
    reader = _READERS.get(kind)
    if reader is None:
        raise InputError(Reason.UNKNOWN_KIND, "", f"{kind!r} is none of {', '.join(_READERS)}")
    members = read_object(payload)
    return reader(members, _head(members))


def _head(members: Mapping[str, Json]) -> Head:
    """The first members of every message, in the order of `Said`."""
    uptime_ms = as_int(need(members, "uptime_ms"), "uptime_ms", 0, UPTIME_MS_MAX)
    heard_ms = _optional_int(members, "heard_ms", 0, UPTIME_MS_MAX)
    if heard_ms is not None and heard_ms > uptime_ms:
        raise InputError(Reason.CONTRADICTION, "heard_ms", f"{heard_ms} is after uptime_ms {uptime_ms}")
    return (
        as_int(need(members, "incarnation"), "incarnation", 1, U32_MAX),
        as_int(need(members, "boot"), "boot", 1, U32_MAX),
        as_int(need(members, "session"), "session", 1, U32_MAX),
        uptime_ms,
        heard_ms,
    )


def _birth(members: Mapping[str, Json], head: Head) -> Birth:
    contract = as_text(need(members, "contract"), "contract")
    product, slash, version = contract.partition("/")
    if not slash:
        raise InputError(Reason.BAD_TEXT, "contract", f"{contract!r} is not product/version")
    as_token(product, "contract")
    as_token(version, "contract")
    return Birth(
        *head,
        contract=contract,
        firmware=as_text(need(members, "firmware"), "firmware"),
        image=_optional_token(members, "image"),
        slot=_slot(members),
        reset=as_token(need(members, "reset"), "reset"),
        epoch=as_int(need(members, "epoch"), "epoch", 0, U16_MAX),
        last_end=_optional_token(members, "last_end"),
        failures=_failures(need(members, "failures")),
        held=_held(need(members, "held"), head[1]),
        ended=_ended(need(members, "ended"), head[1]),
    )


def _slot(members: Mapping[str, Json]) -> str | None:
    """A slot is a name or a small number."""
    value = members.get("slot")
    if isinstance(value, int) and not isinstance(value, bool):
        return str(as_int(value, "slot", 0, U8_MAX))
    return None if value is None else as_token(value, "slot")


def _failures(value: Json) -> tuple[tuple[str, int], ...]:
    failures: list[tuple[str, int]] = []
    for at, item in enumerate(as_list(value, "failures", FAILURES_MAX)):
        place = f"failures[{at}]"
        pair = as_list(item, place, 2)
        if len(pair) != 2:
            raise InputError(Reason.WRONG_TYPE, place, "[reason, count] is expected")
        failures.append((as_token(pair[0], f"{place}[0]"), as_int(pair[1], f"{place}[1]", 0, U32_MAX)))
    return tuple(failures)


def _held(value: Json, boot: int) -> tuple[Held, ...]:
    held: list[Held] = []
    for at, item in enumerate(as_list(value, "held", HELD_MAX)):
        place = f"held[{at}]"
        held_in, channel, first, count = as_row(item, place, ((1, boot), (0, U8_MAX), _SEQUENCE, (1, U32_MAX + 1)))
        if first + count > U32_MAX + 1:
            raise InputError(Reason.OUT_OF_RANGE, place, f"{first} + {count} exceeds 2**32")
        held.append(Held(held_in, channel, first, first + count))
    return tuple(held)


def _ended(value: Json, boot: int) -> tuple[Ended, ...]:
    ended: list[Ended] = []
    records = 0
    for at, item in enumerate(as_list(value, "ended", ENDED_MAX)):
        place = f"ended[{at}]"
        bounds = Ended(*as_row(item, place, (_BOOT, _BOOT, (0, U8_MAX), _END)))
        if not bounds.boot_first <= bounds.boot_last < boot:
            told = f"boots {bounds.boot_first}..{bounds.boot_last} are not ended boots of boot {boot}"
            raise InputError(Reason.CONTRADICTION, place, told)
        records += (bounds.boot_last - bounds.boot_first + 1) * bounds.upper
        if records > ENDED_RECORDS_MAX:
            raise InputError(Reason.OUT_OF_RANGE, place, f"{records} records up to here, at most {ENDED_RECORDS_MAX} are allowed")
        ended.append(bounds)
    return tuple(ended)


def _death(_members: Mapping[str, Json], head: Head) -> Death:
    return Death(*head)


def _anchor(members: Mapping[str, Json], head: Head) -> Anchor:
    source = as_token(need(members, "source"), "source")
    if source not in _SOURCES:
        raise InputError(Reason.BAD_TEXT, "source", f"{source!r} is none of {', '.join(Source)}")
    return Anchor(
        *head,
        number=_optional_int(members, "number", 1, U32_MAX),
        at_ms=as_int(need(members, "at_ms"), "at_ms", 0, UPTIME_MS_MAX),
        unix_ms=as_int(need(members, "unix_ms"), "unix_ms", 0, UNIX_MS_MAX),
        source=_SOURCES[source],
        uncertainty_ms=as_int(need(members, "uncertainty_ms"), "uncertainty_ms", 0, UNCERTAINTY_MS_MAX),
    )


def _probe(members: Mapping[str, Json], head: Head) -> Probe:
    return Probe(
        *head,
        probe=as_int(need(members, "probe"), "probe", 0, U32_MAX),
        unanswered=as_int(need(members, "unanswered"), "unanswered", 0, UNANSWERED_MAX),
    )


def _twin(members: Mapping[str, Json], head: Head) -> TwinReport:
    seen = _properties(need(members, "seen"), "seen")
    reported = _properties(need(members, "reported"), "reported")
    return TwinReport(
        *head,
        number=_optional_int(members, "number", 1, U32_MAX),
        seen={name: as_int(version, f"seen.{name}", 0, I64_MAX) for name, version in seen.items()},
        reported={name: _reported(item, f"reported.{name}") for name, item in reported.items()},
    )


def _properties(value: Json, place: str) -> Mapping[str, Json]:
    members = as_object(value, place)
    if len(members) > PROPERTIES_MAX:
        raise InputError(Reason.TOO_MANY, place, f"{len(members)} properties, at most {PROPERTIES_MAX} are allowed")
    for name in members:
        as_token(name, place)
    return members


def _reported(value: Json, place: str) -> ReportedValue:
    members = as_object(value, place)

    def member(name: str) -> Json:
        if name not in members:
            raise InputError(Reason.MISSING, f"{place}.{name}", "is missing")
        return members[name]

    based_on, fault = member("based_on"), member("fault")
    return ReportedValue(
        value=_value(member("value"), f"{place}.value"),
        version=as_int(member("version"), f"{place}.version", 0, I64_MAX),
        at_ms=as_int(member("at_ms"), f"{place}.at_ms", 0, UPTIME_MS_MAX),
        based_on=None if based_on is None else as_int(based_on, f"{place}.based_on", 0, I64_MAX),
        fault=None if fault is None else as_text(fault, f"{place}.fault"),
    )


def _value(value: Json, place: str) -> Value:
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        return as_int(value, place, -I64_MAX - 1, 2 * I64_MAX + 1)
    return as_text(value, place)


def _optional_int(members: Mapping[str, Json], name: str, low: int, high: int) -> int | None:
    """A member that may be null or left out."""
    value = members.get(name)
    return None if value is None else as_int(value, name, low, high)


def _optional_token(members: Mapping[str, Json], name: str) -> str | None:
    value = members.get(name)
    return None if value is None else as_token(value, name)


_READERS: Final[Mapping[str, Callable[[Mapping[str, Json], Head], Input]]] = {
    "birth": _birth,
    "death": _death,
    "anchor": _anchor,
    "probe": _probe,
    "twin": _twin,
}
