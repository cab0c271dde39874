"""When a device tries again: the device core's own policy for a whole fleet at once, beside those that products ship without it.

    told, declared   first wait U(0, spread); then U(0, min(cap, base * 2**n))           device/backoff.py
    no-spread        first wait U(0, base); then the same
    equal-jitter     at once; then w/2 + U(0, w/2) with w = min(cap, base * 2**n)
    decorrelated     at once; then min(cap, U(base, 3 * the wait before))
    exponential      at once; then min(cap, base * 2**n)
    fixed            at once; then 5 s

The middle two are from M. Brooker, "Exponential Backoff and Jitter", AWS Architecture Blog, 2015. 5 s is what the MQTT example
of PubSubClient, the library most Arduino boards use, waits.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from seamline.device.backoff import DOUBLINGS_MAX
from seamline.rig.storm.draws import I64, Words, uniform
from seamline.rig.storm.terms import StormError, Terms

FIXED_MS: Final = 5_000


class Waits:
    """The fleet's waits before connects under one policy; each method draws for some of the devices, in ms."""

    def __init__(self, terms: Terms, seed: int, spread_ms: int) -> None:
        """`spread_ms` is the first reconnect's; 0: there is none."""
        self.spread_ms: Final = spread_ms
        self._terms: Final = terms
        self._words: Final = Words(seed, terms.devices, "core")
        self._tries = np.zeros(terms.devices, np.int64)
        doublings = [min(terms.cap_ms, terms.base_ms << tries) for tries in range(DOUBLINGS_MAX + 1)]
        self._windows: Final = np.array(doublings, np.int64)

    def at_boot(self, devices: I64) -> I64:
        """Before the first connect, after a loss of power that may have been everywhere."""
        return self._draw(devices, np.full(len(devices), self.spread_ms, np.int64))

    def after_failure(self, devices: I64) -> I64:
        """After a connect that failed."""
        return np.maximum(1, self._draw(devices, self._next_windows(devices)))

    def after_session(self, devices: I64) -> I64:
        """After a connection that ended."""
        return np.maximum(1, self._draw(devices, np.maximum(self.spread_ms, self._next_windows(devices))))

    def _draw(self, devices: I64, windows_ms: I64) -> I64:
        return uniform(self._words.next(devices), windows_ms)

    def _next_windows(self, devices: I64) -> I64:
        tries = self._tries[devices]
        self._tries[devices] = np.minimum(tries + 1, DOUBLINGS_MAX)
        return self._windows[tries]


class FullJitter(Waits):
    """The device core without a spread: it boots as a device does that never ran before."""

    def at_boot(self, devices: I64) -> I64:
        """See Waits."""
        return self._draw(devices, np.full(len(devices), self._terms.base_ms, np.int64))


class _AtOnce(Waits):
    """What connects as soon as it has power, and knows no difference between a failed connect and an ended session."""

    def at_boot(self, devices: I64) -> I64:
        """See Waits."""
        return np.zeros(len(devices), np.int64)

    def after_session(self, devices: I64) -> I64:
        """See Waits."""
        return self.after_failure(devices)


class EqualJitter(_AtOnce):
    """Half of the window, and a draw from the other half."""

    def after_failure(self, devices: I64) -> I64:
        """See Waits."""
        halves = self._next_windows(devices) // 2
        return halves + self._draw(devices, halves)


class Decorrelated(_AtOnce):
    """A draw between the base and three times the wait before."""

    def __init__(self, terms: Terms, seed: int, spread_ms: int) -> None:
        super().__init__(terms, seed, spread_ms)
        self._before = np.full(terms.devices, terms.base_ms, np.int64)

    def after_failure(self, devices: I64) -> I64:
        """See Waits."""
        base_ms = self._terms.base_ms
        waits = np.minimum(self._terms.cap_ms, base_ms + self._draw(devices, 3 * self._before[devices] - base_ms))
        self._before[devices] = waits
        return waits


class Exponential(_AtOnce):
    """The whole window, every time."""

    def after_failure(self, devices: I64) -> I64:
        """See Waits."""
        return self._next_windows(devices)


class Fixed(_AtOnce):
    """The same wait, every time."""

    def after_failure(self, devices: I64) -> I64:
        """See Waits."""
        return np.full(len(devices), FIXED_MS, np.int64)


@dataclass(frozen=True, slots=True)
class Policy:
    """A policy by its name: what it is called on a screen, and how it waits."""

    name: str
    title: str
    waits: Callable[[Terms, int, int], Waits]
    spread: Callable[[Terms], int] = lambda _terms: 0
    ours: bool = False
    """Whether it is the device core's own."""

    def begin(self, terms: Terms, seed: int) -> Waits:
        """The fleet's waits, from the beginning."""
        return self.waits(terms, seed, self.spread(terms))


POLICIES: Final[Mapping[str, Policy]] = {
    policy.name: policy
    for policy in (
        Policy("told", "Seamline, the spread the hub tells", Waits, lambda terms: terms.told_spread_ms, ours=True),
        Policy("declared", "Seamline, the contract's own spread", Waits, lambda terms: terms.declared_spread_ms, ours=True),
        Policy("no-spread", "full jitter, no first spread", FullJitter),
        Policy("equal-jitter", "equal jitter", EqualJitter),
        Policy("decorrelated", "decorrelated jitter", Decorrelated),
        Policy("exponential", "exponential, no jitter", Exponential),
        Policy("fixed", f"every {FIXED_MS // 1000} s", Fixed),
    )
}
"""In the order in which they are shown. The first two are what a product of Seamline's does, by whether a hub has answered yet."""


def policies_of(names: tuple[str, ...] | None) -> tuple[Policy, ...]:
    """Return the policies of these names, all for None, in the order in which they are shown. Raises StormError for an unknown one."""
    for name in names or ():
        if name not in POLICIES:
            raise StormError(f"policy: '{name}' is not known; there are {', '.join(POLICIES)}")
    return tuple(policy for name, policy in POLICIES.items() if names is None or name in names)
