"""A small farm as files: sensors over LoRa, cameras on cables, a barn with stated walls and one without."""

from __future__ import annotations

import json
from pathlib import Path

from seamline.site.plan import Site, load_plan, resolve
from seamline.site.plan.local import LocalFrame

FRAME = LocalFrame("EPSG:32632", (464_000.0, 5_549_000.0))

PLAN = """\
format: 1
site: {name: farm, title: A farm}

survey:
  files: [survey.geojson]
  rules:
    - {name: boundary, is: boundary}
    - {name: barn, is: building, height: {property: height}}
    - {name: silo, is: building, height: {property: height}}
    - {name: "mast *", is: mast, height: 8 m}
    - {name: "zone *", is: zone}
    - {name: "duct *", is: route}
    - {name: paddock, is: ignore}

grid: {cell: 2 m}

zones:
  yard: {title: Yard, area: {feature: zone yard}, target: 1 m, seen_by: {class: detect, share: 10 %}}

mountings:
  masts: {where: masts, heights: [8 m], parts: [bullet-4mp], cost: 150.00 EUR, with: [pole-strap]}

network: {topology: NETWORK, fade_margin: 10 dB, hops: 2}

nodes:
  soil-1: {title: Soil, place: {x: 200 m, y: 150 m}, height: 1 m, part: pir-12m, radio: lora-868, profile: hourly, power: {from: battery, kit: cell}}
  soil-2: {title: Soil, place: {x: 240 m, y: 60 m}, height: 1 m, part: pir-12m, radio: lora-868, power: {from: battery, kit: cell}}
  indoors: {title: Barn, place: {x: 60 m, y: 110 m}, height: 3 m, part: pir-12m, radio: lora-868, profile: hourly, power: {from: battery, kit: cell}}
  in-silo: {title: Silo, place: {x: 120 m, y: 110 m}, height: 3 m, part: pir-12m, radio: lora-868, profile: hourly, power: {from: battery, kit: cell}}
  tracker: {title: Tractor, place: {x: 30 m, y: 30 m}, height: 2 m, part: pir-12m, radio: lte-m-nrf9160, power: {from: battery, kit: cell}}
  cam-1: {title: Gate, place: {x: 40 m, y: 41 m}, height: 4 m, part: bullet-4mp, lens: 4mm, power: {from: poe, supply: box}}
  cam-2: {title: Yard, place: {x: 150 m, y: 41 m}, height: 4 m, part: bullet-4mp, lens: 4mm, power: {from: poe}}
  cam-far: {title: Field, place: {x: 250 m, y: 190 m}, height: 4 m, part: bullet-4mp, lens: 4mm, power: {from: poe, supply: box}}
GATEWAYS
profiles:
  hourly: {message: 20, messages: 24/d}

kits:
  cell: {battery: li-ion-18650-2p}

supplies:
  box: {title: Switch, place: {x: 20 m, y: 40 m}, kind: poe, switch: poe-switch-8}

routes: {cable: cat6-outdoor, slack: 10 %, ends: 2 m, snap: 10 m}

prices: {budget: 2500.00 EUR, parts: {lora-gateway: 245.00 EUR, pole-strap: 34.50 EUR, lora-868: 9.80 EUR}}
"""

GATEWAYS = """
gateways:
  gw-1: {title: Gateway, part: lora-gateway, place: {x: 30 m, y: 60 m}, height: 8 m, uplink: ethernet, power: {from: poe}}
"""


def survey(barn_db: object = 6.0) -> dict[str, object]:
    """The survey as GeoJSON."""
    rings = {
        "boundary": ([(5, 5), (290, 5), (290, 205), (5, 205)], {}),
        "barn": ([(40, 100), (80, 100), (80, 130), (40, 130)], {"height": 7.0, "wall_db": barn_db}),
        "silo": ([(110, 100), (130, 100), (130, 120), (110, 120)], {"height": 15.0}),
        "paddock": ([(210, 180), (230, 180), (230, 200), (210, 200)], {}),
        "zone yard": ([(20, 20), (120, 20), (120, 60), (20, 60)], {}),
    }
    features = [
        feature(name, {"type": "Polygon", "coordinates": [degrees([*ring, ring[0]])]}, more)
        for name, (ring, more) in rings.items()
    ]
    ducts = {"duct south": [(15, 40), (160, 40)], "duct east": [(150, 40), (150, 60)]}
    features += [feature(name, {"type": "LineString", "coordinates": degrees(line)}, {}) for name, line in ducts.items()]
    for name, place in {"mast 1": (30, 60), "mast 2": (220, 190)}.items():
        features.append(feature(name, {"type": "Point", "coordinates": degrees([place])[0]}, {}))
    return {"type": "FeatureCollection", "features": features}


def feature(name: str, geometry: dict[str, object], more: dict[str, object]) -> dict[str, object]:
    """One feature."""
    return {"type": "Feature", "geometry": geometry, "properties": {"name": name, **more}}


def degrees(places: list[tuple[float, float]]) -> list[list[float]]:
    """Places in metres as longitude and latitude."""
    return [list(FRAME.degrees(x, y)) for x, y in places]


def write(
    folder: Path, *changes: tuple[str, str], gateways: str = GATEWAYS, topology: str = "star", barn_db: object = 6.0
) -> Path:
    """Write plan and survey into a folder, with texts of the plan exchanged; the plan's path."""
    (folder / "survey.geojson").write_text(json.dumps(survey(barn_db)), "utf-8")
    text = PLAN.replace("GATEWAYS", gateways).replace("NETWORK", topology)
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new)
    path = folder / "farm.yaml"
    path.write_text(text, "utf-8")
    return path


def farm(folder: Path, *changes: tuple[str, str], **more: object) -> Site:
    """The farm, resolved."""
    return resolve(load_plan(write(folder, *changes, **more)))
