"""The reference's chapter on time and custody: every wait with its owner, and the arithmetic between them."""

from __future__ import annotations

from collections.abc import Iterator

from seamline.contract.codegen.arithmetic import deaf_after_ms, drift_ms, loads, spare_ms, synced_for_ms
from seamline.contract.codegen.document import Block, Heading, Paragraph, Table
from seamline.contract.codegen.map.waits import waits
from seamline.contract.codegen.wording import current, duration, grouped, phrase, size, supply
from seamline.contract.model import Contract


def behaviour(contract: Contract) -> Iterator[Block]:
    """Yield timing, buffer, clock, and what else both sides do by the contract."""
    yield from _timing(contract)
    yield from _buffer(contract)
    yield from _clock(contract)
    yield from _upkeep(contract)


def _timing(contract: Contract) -> Iterator[Block]:
    timing, backoff = contract.timing, contract.backoff
    yield Heading(2, "Timing", "timing")
    rows = tuple((item.name, item.words, item.owner, group) for group, found in waits(contract) for item in found)
    yield Table("Every wait", ("what", "time", "owner", "about"), rows)
    network, commit, answer = (duration(ms) for ms in (timing.network_ms, timing.commit_budget_ms, timing.answer_timeout_ms))
    yield Paragraph(
        f"An answer takes at most {network} in the network and {commit} in the hub, of {answer} that a device waits:"
        f" {duration(spare_ms(contract))} are spare. Four times without an answer, with waits that double, close a session after"
        f" {duration(deaf_after_ms(contract))}."
    )
    yield Paragraph(
        f"Connects are tried again after a random wait of 0 to {duration(backoff.base_ms)}, doubled each time up to"
        f" {duration(backoff.cap_ms)}, and from the start once a session has lived {duration(backoff.reset_after_ms)}. Until the hub says"
        f" otherwise, a device spreads its first connect over {duration(contract.fleet.recovery_ms // 2)}."
    )
    if contract.busy is not None:
        yield Paragraph(
            f"Told to come back later, a device waits as asked, at most {duration(contract.busy.wait_max_ms)}, plus half."
        )


def _buffer(contract: Contract) -> Iterator[Block]:
    buffer = contract.buffer
    yield Heading(2, "Buffer", "buffer")
    found = loads(contract, buffer.outage_ms, connected=False)
    needed = sum(item.bytes for item in found)
    dropped = ", then ".join(phrase(name) for name in buffer.drop_first)
    yield Paragraph(
        f"A device keeps {size(buffer.capacity_bytes)} in {buffer.store}, for an outage of {duration(buffer.outage_ms)}, which makes"
        f" {size(needed)}: {needed * 100 // buffer.capacity_bytes} % of it. Dropped first: {dropped}; always the oldest. At most"
        f" {buffer.flight_frames} frames are under way at once."
    )
    rows = tuple((i.message.name, grouped(i.records), grouped(i.frames), size(i.bytes)) for i in found)
    head = ("message", "records", "frames", "bytes")
    yield Table(f"What {duration(buffer.outage_ms)} without a connection make", head, rows, frozenset({1, 2, 3}))
    day = loads(contract)
    rows = tuple((i.message.name, grouped(i.records), grouped(i.frames), size(i.bytes)) for i in day)
    yield Table("What a connected day makes", head, rows, frozenset({1, 2, 3}))


def _clock(contract: Contract) -> Iterator[Block]:
    clock = contract.clock
    yield Heading(2, "Clock", "clock")
    alone = synced_for_ms(contract)
    stays = (
        "It does not drift." if alone is None else f"Alone it stays within {duration(clock.error_max_ms)} for {_roughly(alone)}."
    )
    outage = contract.buffer.outage_ms
    yield Paragraph(
        f"Sources: {', '.join(clock.sources)}. Drift {clock.drift_ppm} ppm, reset {clock.resets}, error at most"
        f" {duration(clock.error_max_ms)}. {stays} After an outage of {duration(outage)} it may be off by"
        f" {duration(drift_ms(contract, outage))}."
    )


def _roughly(ms: int) -> str:
    """Say a computed time in whole minutes where it has any: its seconds mean nothing."""
    return duration(ms - ms % 60_000) if ms > 60_000 else duration(ms)


def _upkeep(contract: Contract) -> Iterator[Block]:
    update, identity, power = contract.update, contract.identity, contract.power
    if update is not None or identity is not None:
        yield Heading(2, "Update and identity", "upkeep")
    if update is not None:
        yield Paragraph(
            f"{update.slot_count} slots of {size(update.slot_bytes)}; healthy when {', '.join(map(phrase, update.healthy_when))};"
            f" {update.attempts} attempts, {size(update.bytes_per_month)} a month, on {update.power} power."
        )
    if identity is not None:
        yield Paragraph(
            f"A certificate lives {duration(identity.lifetime_ms)} and is renewed at {duration(identity.renew_at_ms)};"
            f" claimed: {phrase(identity.claim)}."
        )
    if power is not None:
        yield Heading(2, "Power", "power")
        rows = tuple(
            (
                item.name,
                ", ".join(item.may),
                current(item.current_ua),
                "" if item.daily_ms is None else duration(item.daily_ms),
                "" if item.longest_ms is None else duration(item.longest_ms),
            )
            for item in power.states.values()
        )
        yield Table(f"Fed by {supply(power)}", ("state", "may", "draws", "a day", "at most"), rows)
