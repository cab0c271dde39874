"""Cores with a defect, for what the rig does once it has found one."""

from seamline.device import Core


def publishes_before_it_persists(policy, name, random, stored):
    """Numbers are given above the bound that flash holds: broken with the first frame, without any fault."""
    core = Core(policy, name, random, stored)
    core._persist_counters = lambda: None
    return core


def forgets_its_boot(policy, name, random, stored):
    """The counter slots are not read: broken by the first boot after another."""
    return Core(policy, name, lambda: 7 << 28, {key: data for key, data in stored.items() if key not in {"c0", "c1"}})
