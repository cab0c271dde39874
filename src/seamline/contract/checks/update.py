"""Updates: does an image fit its slot, its budget and its battery, and can a bad one be undone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seamline.contract.checks.words import size, sizes_apart, spoken
from seamline.contract.scalars import MS

if TYPE_CHECKING:
    from seamline.contract.model import Contract
    from seamline.contract.problems import Report

BATTERY_SHARE = 0.05
"""An update with all its attempts may take a twentieth of the battery: a year of monthly updates must not be all its use."""
HOUR_S = MS["h"] // MS["s"]


def _image(contract: Contract, report: Report) -> None:
    update = contract.update
    if update is None:
        return
    if update.slot_count == 1:
        text = "with one slot the running image is overwritten: a power cut leaves nothing that boots"
        report.add("SL235", report.place("update.slots.count"), text, fix="count: 2, one to run and one to write")
    if update.attempts == 1:
        text = "with one attempt, an update that was cut by power or by the link is never tried again"
        report.add("SL253", report.place("update.attempts"), text, fix="attempts: 2 or more")
    if update.image_bytes is None:
        return
    place = report.place("update.image")
    if update.image_bytes > update.slot_bytes:
        image, slot = sizes_apart(update.image_bytes, update.slot_bytes)
        text = f"an image of {image} does not fit a slot of {slot}"
        related = ((report.place("update.slots.size"), "the slot"),)
        report.add("SL228", place, text, fix="a larger slot, or a smaller image", related=related)
    need = update.attempts * update.image_bytes
    if need > update.bytes_per_month:
        wanted, allowed = sizes_apart(need, update.bytes_per_month)
        text = f"{update.attempts} attempts x {size(update.image_bytes)} = {wanted}, more than {allowed} a month"
        related = ((report.place("update.bytes"), "the budget"), (report.place("update.attempts"), "the attempts"))
        report.add("SL229", place, text, fix="fewer attempts, a smaller image, or a larger budget", related=related)


def _charge(contract: Contract, report: Report) -> None:
    """The radio is on while an image is loaded, at the current of the hungriest state that may update."""
    update, power, rate = contract.update, contract.power, contract.fleet.link_rate
    if update is None or update.image_bytes is None or update.power == "mains" or rate is None:
        return
    if power is None or power.battery is None:
        return
    current_ua = max((state.current_ua for state in power.states.values() if "update" in state.may), default=0)
    seconds = update.attempts * update.image_bytes * 8 / rate
    charge_uah = current_ua * seconds / HOUR_S
    if charge_uah > power.battery.capacity_uah * BATTERY_SHARE:
        text = (
            f"{update.attempts} attempts x {size(update.image_bytes)} at {rate} bit/s take {spoken(round(seconds) * MS['s'])},"
            f" at {current_ua / 1000:.0f} mA {charge_uah / 1000:.0f} mAh: more than {BATTERY_SHARE:.0%} of the battery's"
            f" {power.battery.capacity_uah / 1000:.0f} mAh"
        )
        related = ((report.place("power.battery.capacity"), "the battery"), (report.place("fleet.link_rate"), "the link"))
        report.add("SL230", report.place("update.power"), text, fix="power: mains, or a smaller image", related=related)


CHECKS = (
    (("update",), _image),
    (("update", "power", "fleet"), _charge),
)
