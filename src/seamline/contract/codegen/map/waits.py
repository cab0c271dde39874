"""Every wait of a contract in one list: periods, budgets, timeouts, lifetimes, each with who may change it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from seamline.contract.codegen.wording import duration, phrase
from seamline.contract.model import Contract, Wait


@dataclass(frozen=True, slots=True)
class Stretch:
    """A time, or a span of times, in ms. `owner` is empty where the contract names none."""

    name: str
    low_ms: int
    high_ms: int
    owner: str = ""

    @property
    def words(self) -> str:
        """The time as it is said: `10 s`, or `2 s to 10 min`."""
        low, high = duration(self.low_ms), duration(self.high_ms)
        return low if self.low_ms == self.high_ms else f"{low} to {high}"


def waits(contract: Contract) -> tuple[tuple[str, tuple[Stretch, ...]], ...]:
    """Return the waits in groups, in the order of a record's life; a group without waits is left out."""
    groups = (
        ("Measuring and sending", _sending(contract)),
        ("Being answered", _answers(contract)),
        ("Staying connected", _link(contract)),
        ("Wishes and orders", _wishes(contract)),
        ("Elsewhere", (_further(wait) for wait in contract.timing.further.values())),
        ("Reading", (_one(f"{phrase(c.name)} sees", c.within_ms) for c in contract.consumers.values())),
        ("Lasting", _lasting(contract)),
    )
    listed = ((title, tuple(found)) for title, found in groups)
    return tuple((title, found) for title, found in listed if found)


def _one(name: str, ms: int, owner: str = "") -> Stretch:
    return Stretch(name, ms, ms, owner)


def _further(wait: Wait) -> Stretch:
    tries = f", {wait.attempts} times" if wait.attempts > 1 else ""
    return _one(f"{phrase(wait.name)}{tries}", wait.value_ms, wait.owner)


def _sending(contract: Contract) -> Iterator[Stretch]:
    for message in contract.messages.values():
        if message.at_most is not None:
            yield _one(f"{phrase(message.name)} on events, in the mean", message.sample_ms)
            if message.publish_every_ms:
                yield _one(f"{phrase(message.name)} gathered", message.publish_every_ms)
            continue
        if message.batch_max == 1:
            yield _one(f"{phrase(message.name)}, in the mean", message.sample_ms)
            continue
        if message.sample_ms != message.publish_every_ms:
            yield _one(f"{phrase(message.name)} sampled", message.sample_ms)
        yield _one(f"{phrase(message.name)} sent", message.publish_every_ms)


def _answers(contract: Contract) -> Iterator[Stretch]:
    timing, owners = contract.timing, contract.timing.owners
    yield _one("network, 99 %", timing.network_ms, owners.get("network", ""))
    yield _one("hub's commit, 99 %", timing.commit_budget_ms, owners.get("commit_budget", ""))
    yield _one("answer timeout", timing.answer_timeout_ms, owners.get("answer_timeout", ""))


def _link(contract: Contract) -> Iterator[Stretch]:
    timing, owners = contract.timing, contract.timing.owners
    yield _one("connect timeout", timing.connect_timeout_ms, owners.get("connect_timeout", ""))
    yield Stretch("back-off", contract.backoff.base_ms, contract.backoff.cap_ms)
    yield _one("fleet back after an outage", contract.fleet.recovery_ms)
    yield _one("keep-alive", timing.keep_alive_ms, owners.get("keep_alive", ""))
    lost_ms = timing.presumed_lost_publishes * contract.heartbeat_ms
    yield _one("presumed lost", lost_ms, owners.get("presumed_lost", ""))


def _wishes(contract: Contract) -> Iterator[Stretch]:
    for item in contract.state.values():
        if item.confirm_within_ms is not None:
            yield _one(f"{phrase(item.name)} confirmed", item.confirm_within_ms)
        if item.expires_ms is not None:
            yield _one(f"{phrase(item.name)} expires", item.expires_ms)
    for command in contract.commands.values():
        yield _one(f"{phrase(command.name)} done", command.deadline_ms)


def _lasting(contract: Contract) -> Iterator[Stretch]:
    yield _one("clock error at most", contract.clock.error_max_ms)
    yield _one("outage bridged", contract.buffer.outage_ms)
    if contract.identity is not None:
        yield _one("certificate renewed", contract.identity.renew_at_ms)
        yield _one("certificate ends", contract.identity.lifetime_ms)
