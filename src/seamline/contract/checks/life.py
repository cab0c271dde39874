"""The power supply: what each state allows, and how long a battery lasts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seamline.contract.checks.words import DAY_MS, spoken

if TYPE_CHECKING:
    from seamline.contract.hardware import Power
    from seamline.contract.model import Contract
    from seamline.contract.problems import Report


def charge_a_day_uah(power: Power) -> float:
    """Return the charge of a day in µAh; the time that no state claims is spent in the state with the least current."""
    states = power.states.values()
    idle_ms = max(0, DAY_MS - sum(state.daily_ms or 0 for state in states))
    used = sum(state.current_ua * (state.daily_ms or 0) for state in states)
    return (used + min(state.current_ua for state in states) * idle_ms) * 24 / DAY_MS


def _battery(contract: Contract, report: Report) -> None:
    power = contract.power
    if power is None or power.battery is None or not power.states:
        return
    a_day_uah = charge_a_day_uah(power)
    life_ms = round(power.battery.capacity_uah / a_day_uah * DAY_MS) if a_day_uah else power.battery.life_ms
    if life_ms < power.battery.life_ms:
        text = (
            f"{power.battery.capacity_uah / 1000:.0f} mAh at {a_day_uah / 1000:.2f} mAh a day last {life_ms * 10 // DAY_MS / 10} d,"
            f" less than {spoken(power.battery.life_ms)}"
        )
        related = ((report.place("power.states"), "the states and their currents"),)
        fix = "sleep longer, or take a larger battery"
        report.add("SL243", report.place("power.battery.life"), text, fix=fix, related=related)


def _activities(contract: Contract, report: Report) -> None:
    """What the contract promises must be allowed in some state."""
    power = contract.power
    if power is None:
        return
    allowed = {activity for state in power.states.values() for activity in state.may}
    needed = [("measure", "messages", "'messages' are sampled"), ("publish", "messages", "'messages' are published")]
    if contract.update is not None:
        needed.append(("update", "update", "'update' promises updates"))
    for activity, path, why in needed:
        if activity not in allowed:
            text = f"no power state may {activity}, but {why}"
            fix = f"add {activity} to a state's 'may'"
            related = ((report.place(path), "what needs it"),)
            report.add("SL244", report.place("power.states"), text, fix=fix, related=related)


def _update_power(contract: Contract, report: Report) -> None:
    power, update = contract.power, contract.update
    if power is None or update is None:
        return
    never = {"battery": "mains", "mains": "battery"}.get(power.source)
    if update.power == never:
        text = f"updates wait for {update.power}, but the product is fed by {power.source} only: it would never be updated"
        related = ((report.place("power.source"), "how it is fed"),)
        report.add("SL248", report.place("update.power"), text, fix=f"power: {power.source}", related=related)


CHECKS = (
    (("power",), _battery),
    (("power", "update"), _activities),
    (("power", "update"), _update_power),
)
