"""What to change in a contract whose storm does not hold: which number, to what value. Every answer has been tried out.

A search runs a fleet of at most SEARCH_DEVICES with the rates scaled alike, which is rougher than the real one and so errs to the
safe side; what it finds is then tried with up to TRIAL_DEVICES.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from seamline.rig.storm.figures import limits_of, seconds
from seamline.rig.storm.policies import POLICIES, Policy
from seamline.rig.storm.simulate import run
from seamline.rig.storm.terms import Terms, told_spread_ms

SEARCH_DEVICES: Final = 10_000
TRIAL_DEVICES: Final = 50_000
TIMES_MAX: Final = 4_096
"""A number that would have to grow by more is not what is wrong."""
NEAR: Final = 1.02
"""A search ends when what holds and what does not lie so close."""
STEPS_UP: Final = 6
"""So often what a search found is raised by a twentieth, if it does not hold in the trial."""
UNLIMITED: Final = 1 << 40


@dataclass(frozen=True, slots=True)
class Change:
    """One number of a contract, as it is and as it ought to be."""

    path: str
    now: str
    to: str

    def __str__(self) -> str:
        return f"{self.path}: {self.to} instead of {self.now}"


@dataclass(frozen=True, slots=True)
class _Knob:
    """A number that can be turned: how to read and set it, and how a contract writes it. `falls`: less of it helps."""

    path: str
    get: Callable[[Terms], int]
    put: Callable[[Terms, int], Terms]
    write: Callable[[int], str]
    round: Callable[[int], int]
    falls: bool = False


def advise(terms: Terms, seed: int) -> tuple[tuple[Change, ...], ...]:
    """The alternatives, each a set of changes with which the storm holds; none when none of these numbers is what is wrong."""
    found: list[tuple[Change, ...]] = []
    for broker in _for_broker(terms, seed):
        if broker is not None and _trial(broker, seed):
            found.append(_changes(terms, broker))
        elif broker is not None:
            both = (_search(knob, broker, seed) for knob in (_MESSAGES, _FLIGHT))
            found += [_changes(terms, fixed) for fixed in both if fixed is not None]
    return tuple(found)


def smallest_spread_ms(terms: Terms, seed: int) -> int | None:
    """The shortest spread of the first reconnect with which the storm holds, in whole seconds; None when there is none."""
    small = _scaled(terms)

    def holds(spread_ms: int) -> bool:
        return _policy_holds(_spread_of(spread_ms), small, seed)

    high = small.recovery_ms
    if not holds(high):
        # What is too long for the recovery may yet be right: the last waits of a shorter one leave room for answers.
        high = next((part for part in (high * 9 // 10, high * 3 // 4, high // 2, high // 4) if holds(part)), 0)
        if not high:
            return None
    low = 0
    while high - low > max(1_000, high // 50):
        middle = (low + high) // 2
        low, high = (low, middle) if holds(middle) else (middle, high)
    return -(-high // 1_000) * 1_000


def _for_broker(terms: Terms, seed: int) -> list[Terms | None]:
    """Terms with which the broker would hold, if the hub took everything."""
    free = replace(terms, messages_rate=UNLIMITED)
    if _trial(free, seed):
        return [terms]
    found = [_search(knob, free, seed) for knob in (_ACCEPT, _RECOVERY)]
    return [None if one is None else replace(one, messages_rate=terms.messages_rate) for one in found]


def _search(knob: _Knob, terms: Terms, seed: int) -> Terms | None:
    """The terms with the least change of one number that holds; None when none does."""
    small = _scaled(terms)
    scale = knob.get(small) / knob.get(terms)

    def holds(value: int) -> bool:
        return _holds(knob.put(small, max(1, round(value * scale))), seed)

    low = high = knob.get(terms)
    while not holds(high):
        low, high = high, (high // 2 if knob.falls else high * 2)
        if not 1 <= high <= knob.get(terms) * TIMES_MAX:
            return None
    while abs(high - low) > 1 and max(high, low) > NEAR * min(high, low):
        middle = (low + high) // 2
        low, high = (low, middle) if holds(middle) else (middle, high)
    value = knob.round(high)
    for _ in range(STEPS_UP):
        fixed = knob.put(terms, value)
        if _trial(fixed, seed):
            return fixed
        value = knob.round(max(1, value * 19 // 20) if knob.falls else value + max(1, value // 20))
    return None


def _trial(terms: Terms, seed: int) -> bool:
    return _holds(_scaled(terms, TRIAL_DEVICES), seed)


def _holds(terms: Terms, seed: int) -> bool:
    return all(_policy_holds(policy, terms, seed) for policy in POLICIES.values() if policy.ours)


def _policy_holds(policy: Policy, terms: Terms, seed: int) -> bool:
    storm = run(policy, terms, seed, until_ms=terms.recovery_ms, to_first_failure=True)
    return all(limit.held for limit in limits_of(storm, terms))


def _spread_of(spread_ms: int) -> Policy:
    def spread(_terms: Terms) -> int:
        return spread_ms

    return replace(POLICIES["told"], spread=spread)


def _scaled(terms: Terms, devices_max: int = SEARCH_DEVICES) -> Terms:
    """The same storm with fewer devices, and everything they meet made smaller alike."""
    if terms.devices <= devices_max:
        return terms
    share = devices_max / terms.devices
    return replace(
        terms,
        devices=devices_max,
        accept_rate=max(1, round(terms.accept_rate * share)),
        messages_rate=max(1, round(terms.messages_rate * share)),
        connections_max=max(1, round(terms.connections_max * share)),
    )


def _changes(before: Terms, after: Terms) -> tuple[Change, ...]:
    return tuple(
        Change(knob.path, knob.write(knob.get(before)), knob.write(knob.get(after)))
        for knob in (_ACCEPT, _RECOVERY, _MESSAGES, _FLIGHT)
        if knob.get(before) != knob.get(after)
    )


def _with(terms: Terms, accept_rate: int, recovery_ms: int) -> Terms:
    """The terms with another accept rate or recovery time, and the spreads that follow from them."""
    messages_rate = terms.messages_rate if terms.rate_is_measured else None
    return replace(
        terms,
        accept_rate=accept_rate,
        recovery_ms=recovery_ms,
        declared_spread_ms=recovery_ms // 2,
        told_spread_ms=told_spread_ms(terms.devices, accept_rate, recovery_ms, messages_rate),
    )


def _two_digits(value: int) -> int:
    """The next number with two digits and then zeros."""
    unit = 10 ** max(0, len(str(value)) - 2)
    return -(-value // unit) * unit


def _rate(value: int) -> str:
    return f"{value}/s"


_ACCEPT: Final = _Knob(
    "fleet.accept_rate",
    lambda terms: terms.accept_rate,
    lambda terms, value: _with(terms, value, terms.recovery_ms),
    _rate,
    _two_digits,
)
_RECOVERY: Final = _Knob(
    "fleet.recovery",
    lambda terms: terms.recovery_ms,
    lambda terms, value: _with(terms, terms.accept_rate, value),
    lambda value: seconds(value).replace(",", ""),
    lambda value: _two_digits(-(-value // 1_000)) * 1_000,
)
_MESSAGES: Final = _Knob(
    "fleet.messages_rate",
    lambda terms: terms.messages_rate,
    lambda terms, value: replace(terms, messages_rate=value),
    _rate,
    _two_digits,
)
_FLIGHT: Final = _Knob(
    "buffer.flight_frames",
    lambda terms: terms.flight_frames,
    lambda terms, value: replace(terms, flight_frames=value),
    str,
    int,
    falls=True,
)
