"""What fits: the buffer, the device's memory, and how long its flash lasts."""

from __future__ import annotations

from math import ceil, floor
from typing import TYPE_CHECKING

from seamline.contract.checks.words import DAY_MS, YEAR_DAYS, rounded, size, sizes_apart, spoken
from seamline.contract.limits import FRAME_BYTES_MAX, FRAME_OVERHEAD_BYTES

if TYPE_CHECKING:
    from seamline.contract.model import Contract
    from seamline.contract.problems import Report

CORE_BYTES = 38_500
"""seamline.device as MicroPython bytecode (mpy-cross 1.29 -O2 makes 38,115 bytes of it): in flash, and in RAM once imported."""
CORE_STATE_BYTES = 16_384
"""The core's objects, the session's JSON and the TLS client's state; an estimate until a board is measured."""
RANGES_BYTES = 64 * 24
"""At most 64 ranges of lost records wait to be declared (docs/wire.md), each a tuple of four words and its list entry."""


def _drop_first(contract: Contract, report: Report) -> None:
    missing = [name for name in contract.messages if name not in contract.buffer.drop_first]
    if missing:
        text = f"drop_first says nothing about {', '.join(missing)}: a full buffer would have no rule"
        report.add(
            "SL205",
            report.place("buffer.drop_first"),
            text,
            fix=f"drop_first: [{', '.join((*contract.buffer.drop_first, *missing))}]",
        )


def _outage(contract: Contract, report: Report) -> None:
    buffer = contract.buffer
    need = 0
    for message in contract.messages.values():
        records = -(-buffer.outage_ms // message.sample_ms)
        frames = -(-records // message.batch_max)
        need += records * message.layout.record_bytes + frames * FRAME_OVERHEAD_BYTES
    if need > buffer.capacity_bytes:
        text = f"an outage of {spoken(buffer.outage_ms)} makes {need} bytes, the buffer holds {buffer.capacity_bytes}"
        fix = "raise the capacity, sample less often, or promise a shorter outage"
        related = ((report.place("buffer.outage"), "the outage it must bridge"),)
        report.add("SL208", report.place("buffer.capacity"), text, fix=fix, related=related)


def _durable(contract: Contract, report: Report) -> None:
    if contract.buffer.durable and contract.buffer.store == "ram":
        related = ((report.place("buffer.store"), "where it is kept"),)
        text = "a buffer in RAM is empty after a power cut: it is not durable"
        report.add("SL246", report.place("buffer.durable"), text, fix="store: flash, or durable: false", related=related)


def _wear(contract: Contract, report: Report) -> None:
    """Each batch is written once when it is sealed, in whole pages, round the whole buffer (docs/wire.md, store: flash)."""
    device, buffer = contract.device, contract.buffer
    if device is None or device.page_bytes is None or device.erase_cycles is None or buffer.store != "flash":
        return
    page, a_day = device.page_bytes, 0.0
    for message in contract.messages.values():
        records = max(1, min(message.batch_max, message.publish_every_ms // message.sample_ms))
        pages = -(-(records * message.layout.record_bytes + FRAME_OVERHEAD_BYTES) // page)
        a_day += DAY_MS / (message.sample_ms * records) * pages * page
    years = device.erase_cycles * buffer.capacity_bytes / a_day / YEAR_DAYS
    wanted = device.life_ms / DAY_MS / YEAR_DAYS
    if years < wanted:
        text = (
            f"years of flash life: {floor(years * 10) / 10:.1f}, less than {ceil(wanted * 10) / 10:.1f}: {size(round(a_day))} a day in pages of {size(page)}"
            f" go round {size(buffer.capacity_bytes)}, which bears {device.erase_cycles} erasures"
        )
        related = (
            (report.place("device.erase_cycles"), "what a page bears"),
            (report.place("device.page"), "the least that is written"),
        )
        fix = "batch more records, raise the capacity, or keep the buffer in RAM"
        report.add("SL215", report.place("buffer.capacity"), text, fix=fix, related=related)


def _ram(contract: Contract, report: Report) -> None:
    """The buffer is held in RAM whatever its store (docs/wire.md); so are the open batches and the frame being built."""
    device = contract.device
    if device is None:
        return
    open_bytes = sum(message.batch_max * message.layout.record_bytes for message in contract.messages.values())
    parts = [
        ("core", CORE_BYTES + CORE_STATE_BYTES + RANGES_BYTES),
        ("buffer", contract.buffer.capacity_bytes),
        ("open batches", open_bytes),
        ("frame", FRAME_BYTES_MAX),
        ("firmware", device.ram_used_bytes),
    ]
    need = sum(count for _, count in parts)
    if need > device.ram_bytes:
        wanted, there = sizes_apart(need, device.ram_bytes)
        text = f"{_sum(parts)} need {wanted} of RAM, the device has {there}"
        related = ((report.place("buffer.capacity"), "the buffer is held in RAM, also with store: flash"),)
        report.add("SL221", report.place("device.ram"), text, fix="lower the buffer's capacity", related=related)


def _flash(contract: Contract, report: Report) -> None:
    device, update = contract.device, contract.update
    if device is None:
        return
    parts = [
        ("buffer", contract.buffer.capacity_bytes if contract.buffer.store == "flash" else 0),
        ("slots", 0 if update is None else update.slot_count * update.slot_bytes),
        ("core", CORE_BYTES if update is None else 0),
        ("firmware", device.flash_used_bytes),
    ]
    need = sum(count for _, count in parts)
    if need > device.flash_bytes:
        wanted, there = sizes_apart(need, device.flash_bytes)
        text = f"{_sum(parts)} need {wanted} of flash, the device has {there}"
        related = ((report.place("buffer.capacity"), "the buffer"), (report.place("update.slots"), "the slots"))
        report.add("SL222", report.place("device.flash"), text, fix="make slots or buffer smaller", related=related)


def _sum(parts: list[tuple[str, int]]) -> str:
    return " + ".join(f"{name} {size(count)}" for name, count in parts if count)


def _uptime(contract: Contract, report: Report) -> None:
    if contract.device is None:
        return
    wrap_ms = 1 << contract.device.uptime_bits
    if wrap_ms <= contract.buffer.outage_ms:
        text = (
            f"an uptime of {contract.device.uptime_bits} bits starts again after {rounded(wrap_ms)}, within an outage of"
            f" {spoken(contract.buffer.outage_ms)}: readings before and after it get the same time"
        )
        related = ((report.place("buffer.outage"), "how long readings wait"),)
        fix = "extend the counter in the firmware (uptime_bits: 48), or promise a shorter outage"
        report.add("SL217", report.place("device.uptime_bits"), text, fix=fix, related=related)


CHECKS = (
    (("messages", "buffer"), _drop_first),
    (("messages", "buffer"), _outage),
    (("buffer",), _durable),
    (("messages", "buffer", "device"), _wear),
    (("messages", "buffer", "device"), _ram),
    (("buffer", "device", "update"), _flash),
    (("buffer", "device"), _uptime),
)
