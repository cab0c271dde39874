"""A small plan with every way of feeding a node, for the tests."""

from __future__ import annotations

import os
from pathlib import Path

from seamline.site.plan.starter import starter

EXAMPLES = Path(__file__).parents[4] / "examples"
NODES = """
  trap-battery:
    title: Camera on its own cells
    place: {feature: Mast 1}
    height: 2 m
    product: PRODUCT
    power: {from: battery, kit: cells}
  trap-solar:
    title: Camera with a panel
    place: {feature: Mast 1}
    height: 3 m
    product: PRODUCT
    profile: busy
    power: {from: solar, kit: sunny}
  listener:
    title: A board that listens
    place: {feature: Mast 1}
    height: 4 m
    board: nucleo-u575
    radio: lora-868
    profile: listening
    power: {from: solar, kit: sunny}
  gateway-box:
    title: A board on PoE
    place: {feature: Mast 1}
    height: 4 m
    board: pi-zero-2-w
    power: {from: poe, supply: hall}
  mystery:
    title: Nothing is known of it
    place: {feature: Mast 1}
    height: 4 m
    power: {from: battery, kit: cells}
"""
REST = """
supplies:
  hall:
    place: {feature: Mast 1}
    kind: poe
    switch: poe-switch-8
kits:
  cells: {battery: lithium-d-2p, autonomy: 700 d}
  sunny: {battery: lfp-12v-12ah, panel: solar-20w, converter: charger-12v, azimuth: 180 deg, tilt: 60 deg, autonomy: 5 d}
profiles:
  busy: {states: {looking: 3600 s}}
  listening:
    message: 12
    messages: 24/d
    work: [{workload: kws, runs: 1000/d}]
weather: {WEATHER}
"""


def written(
    folder: Path,
    weather: str = "temperatures: [-5 Cel, -4 Cel, 0 Cel, 5 Cel, 10 Cel, 14 Cel, 16 Cel, 16 Cel, 12 Cel, 7 Cel, 2 Cel, -3 Cel]",
) -> Path:
    """Write the plan and its survey into a folder; return the plan's file."""
    for name, data in starter("power", None):
        (folder / name).write_bytes(data)
    path = folder / "plan.yaml"
    product = os.path.relpath(EXAMPLES / "trailcam", folder)
    text = path.read_text(encoding="utf-8")
    before, nodes, after = text.partition("    tilt: 12 deg                     # downwards\n")
    added = NODES.replace("PRODUCT", product) + REST.replace("{WEATHER}", "{" + weather + "}")
    assert nodes
    path.write_text(before + "    tilt: 12 deg\n    power: {from: poe, supply: hall}\n" + added + after, encoding="utf-8")
    return path
