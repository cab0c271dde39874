"""What a contract's numbers come to, each figure beside the limit it is held against. What is not declared is said, never assumed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Final, NamedTuple

from seamline.contract.checks.life import charge_a_day_uah
from seamline.contract.checks.traffic import frames, month_bytes
from seamline.contract.codegen.arithmetic import drift_ms, loads, spare_ms
from seamline.contract.codegen.wording import charge, duration, size
from seamline.contract.scalars import BYTES, MONTH_MS, MS
from seamline.rig.gate.verdict import Evidence

if TYPE_CHECKING:
    from seamline.contract.model import Contract
    from seamline.contract.problems import Span

Place = Callable[[str], "Span"]


class Figure(NamedTuple):
    """A budget: the rule that holds it, where it is declared, and what it comes to (None: nothing is declared)."""

    rule: str
    path: str
    what: str
    said: str | None


BUDGET_RULES: Final = frozenset(
    {
        "SL203", "SL204", "SL206", "SL208", "SL212", "SL215", "SL216", "SL217", "SL218", "SL219", "SL220", "SL221", "SL222", "SL223",
        "SL228", "SL229", "SL230", "SL231", "SL240", "SL241", "SL242", "SL243", "SL245",
    }
)  # fmt: skip
"""The rules about sizes, times and costs: a contract that breaks one does not load, and its message has the reckoning."""


def reckoned(contract: Contract, place: Place) -> Iterator[Evidence]:
    """Yield what each budget of a contract that holds comes to; last, those that are not declared."""
    silent: list[str] = []
    for each in figures(contract):
        if each.said is None:
            silent.append(f"{each.what} ({each.path})")
        else:
            yield Evidence(f"{each.what}: {each.said}", place(each.path), each.rule)
    if silent:
        yield Evidence(f"not declared, so not reckoned: {', '.join(silent)}")


def figures(contract: Contract) -> Iterator[Figure]:
    """Yield every budget that the language knows, declared or not."""
    fleet, buffer, timing = contract.fleet, contract.buffer, contract.timing
    outage = sum(each.bytes for each in loads(contract, buffer.outage_ms, connected=False))
    said = f"{duration(buffer.outage_ms)} make {size(outage)} of {size(buffer.capacity_bytes)}"
    yield Figure("SL208", "buffer.capacity", "an outage in the buffer", said)
    said = f"network {duration(timing.network_ms)} + commit {duration(timing.commit_budget_ms)} leave {duration(spare_ms(contract))} of"
    yield Figure("SL203", "timing.answer_timeout.value", "an answer in time", f"{said} {duration(timing.answer_timeout_ms)}")
    back_ms = -(-fleet.devices_max * MS["s"] // fleet.accept_rate)
    said = f"{fleet.devices_max} at {fleet.accept_rate}/s take {back_ms / 1000:.0f} s of {duration(fleet.recovery_ms)}, half of them spread"
    yield Figure("SL206", "fleet.recovery", "the fleet's way back", said)
    yield _rate(contract)
    yield from _data(contract)
    yield from _hardware(contract)
    yield from _policies(contract)


def _rate(contract: Contract) -> Figure:
    fleet = contract.fleet
    if fleet.messages_rate is None:
        return Figure("SL240", "fleet.messages_rate", "messages a second", None)
    a_day = sum(frames(message, MS["d"])[0] for message in contract.messages.values())
    rate = -(-fleet.devices_max * a_day * MS["s"] // MS["d"])
    return Figure("SL240", "fleet.messages_rate", "messages a second", f"{rate}/s of {fleet.messages_rate}/s")


def _data(contract: Contract) -> Iterator[Figure]:
    fleet, month = contract.fleet, month_bytes(contract)
    said = None if fleet.data_budget is None else f"{size(month)} of {size(fleet.data_budget)}"
    yield Figure("SL218", "fleet.data_budget", "data a month", said)
    said = None
    if fleet.data_cost is not None and fleet.cost_max is not None:
        price = fleet.data_cost.amount * month / BYTES["MiB"]
        said = f"{price:.2f} of {fleet.cost_max.amount} {fleet.cost_max.currency}"
    yield Figure("SL219", "fleet.cost_max", "cost a month", said)
    need = month * 8 * MS["s"] / MONTH_MS
    said = None if fleet.link_rate is None else f"{need:.0f} bit/s of {fleet.link_rate} bit/s"
    yield Figure("SL220", "fleet.link_rate", "share of the link", said)


def _hardware(contract: Contract) -> Iterator[Figure]:
    device, power, clock = contract.device, contract.power, contract.clock
    yield Figure(
        "SL221", "device.ram", "RAM", None if device is None else f"core, buffer and firmware fit {size(device.ram_bytes)}"
    )
    yield Figure(
        "SL222", "device.flash", "flash", None if device is None else f"slots, buffer and firmware fit {size(device.flash_bytes)}"
    )
    worn = device is not None and device.erase_cycles is not None and contract.buffer.store == "flash"
    yield Figure(
        "SL215", "device.erase_cycles", "wear", f"flash outlasts {duration(device.life_ms)}" if worn and device else None
    )
    said = None
    if power is not None and power.battery is not None:
        a_day = charge_a_day_uah(power)
        lasts = f"last {power.battery.capacity_uah / a_day:.0f} d of" if a_day else "outlast"
        said = f"{a_day / 1000:.1f} mAh a day of {charge(power.battery.capacity_uah)} {lasts} {duration(power.battery.life_ms)}"
    yield Figure("SL243", "power.battery.life", "battery", said)
    said = None
    if clock.sync_every_ms is not None:
        off = drift_ms(contract, clock.sync_every_ms)
        said = f"{off} ms of {duration(clock.error_max_ms)} after {duration(clock.sync_every_ms)} alone"
    yield Figure("SL223", "clock.sync_every", "drift", said)


def _policies(contract: Contract) -> Iterator[Figure]:
    update, identity = contract.update, contract.identity
    said = None
    if update is not None and update.image_bytes is not None:
        most = update.image_bytes * update.attempts
        said = f"{update.attempts} x {size(update.image_bytes)} = {size(most)} of {size(update.bytes_per_month)} a month"
    yield Figure("SL229", "update.image", "an update with all its attempts", said)
    said = None
    if identity is not None and identity.offline_max_ms is not None:
        left = identity.lifetime_ms - identity.renew_at_ms
        said = f"{duration(left)} left at renewal, {duration(identity.offline_max_ms)} offline at most"
    yield Figure("SL231", "identity.offline_max", "a certificate's reserve", said)
