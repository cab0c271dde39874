"""A small warehouse yard as files: what the tests of documents plan, change and build."""

from __future__ import annotations

import json
from pathlib import Path

from seamline.site.plan.local import LocalFrame

FRAME = LocalFrame("EPSG:32632", (464_000.0, 5_549_000.0))
HALL = [(40, 42), (100, 42), (100, 66), (40, 66)]
STACK = [(60, 18), (72, 18), (72, 23), (60, 23)]
BOUNDARY = [(5, 5), (120, 5), (120, 80), (5, 80)]

PLAN = """\
format: 1
site: {name: yard, title: Warehouse yard Höchst}

survey:
  files: [survey.geojson]
  rules:
    - {name: boundary, is: boundary}
    - {name: hall, is: building, height: {property: height}}
    - {name: stack, is: obstruction, height: {property: height}}
    - {name: pond, is: water}
    - {name: "zone *", is: zone}
    - {name: "duct *", is: route}

grid: {cell: 1 m}

zones:
  gate:
    title: Gate
    area: {feature: zone gate}
    target: 1 m
    seen_by: {class: recognise, edition: "2015", share: 90 %}
  lanes:
    title: Lanes
    area: {feature: zone lanes}
    target: 1 m
    seen_by:
      - {class: detect, edition: "2015", share: 95 %}
      - {sensor: motion, share: 20 %}

nodes:
  cam-1:
    title: Gate camera
    place: {x: 38 m, y: 41 m}
    height: 5 m
    heading: 225 deg
    tilt: 12 deg
    part: bullet-4mp
    lens: 6mm
    power: {from: poe, supply: hall}
    with: [wall-arm]
  cam-2:
    title: Lane camera
    place: {x: 101 m, y: 41 m}
    height: 5 m
    heading: 245 deg
    tilt: 10 deg
    part: bullet-4mp
    lens: 4mm
    power: {from: poe, supply: hall}
    with: [wall-arm]
  pir-1:
    title: Lane detector
    place: {x: 70 m, y: 41.7 m}
    height: 3 m
    heading: 180 deg
    part: pir-12m
    board: esp32-s3-board
    radio: lora-868
    power: {from: solar, kit: small}
    with: [box-small]
  old-cam:
    title: Camera at the office
    place: {x: 99 m, y: 67 m}
    height: 4 m
    heading: 20 deg
    part: dome-4mp
    lens: 4mm
    existing: true

gateways:
  gw-1:
    title: Gateway on the hall
    part: lora-gateway
    place: {x: 50 m, y: 60 m}
    height: 8 m
    uplink: ethernet

supplies:
  hall: {title: Switch in the hall, place: {x: 41 m, y: 43 m}, kind: poe, switch: poe-switch-8}

routes: {cable: cat6-outdoor, slack: 10 %, ends: 2 m, snap: 10 m}

kits:
  small: {battery: li-ion-18650-2p, panel: solar-5w, converter: charger-small, tilt: 60 deg, autonomy: 5 d}

prices:
  budget: 2500.00 EUR
  spares: 10 %
  parts:
    bullet-4mp: 189.00 EUR
    wall-arm: 24.50 EUR
    pir-12m: 61.90 EUR
    esp32-s3-board: 14.20 EUR
    lora-868: 9.80 EUR
    box-small: 17.30 EUR
    lora-gateway: 245.00 EUR
    poe-switch-8: 129.00 EUR
    cat6-outdoor: 1.15 EUR
    li-ion-18650-2p: 16.40 EUR
    solar-5w: 22.00 EUR

variants:
  wide:
    title: A wide lens at the gate
    nodes: {cam-1: {lens: 4mm}}
  no-detector:
    title: Without the detector
    nodes: {pir-1: removed}
"""


def survey(hall_m: float = 7.0, stack_m: float = 3.0) -> dict[str, object]:
    """The survey as GeoJSON."""
    rings: dict[str, tuple[list[tuple[float, float]], float | None]] = {
        "boundary": (list(BOUNDARY), None),
        "hall": (list(HALL), hall_m),
        "stack": (list(STACK), stack_m),
        "pond": ([(10, 60), (24, 58), (28, 70), (14, 74)], None),
        "zone gate": ([(8, 8), (34, 8), (34, 34), (8, 34)], None),
        "zone lanes": ([(36, 8), (116, 8), (116, 40), (36, 40)], None),
    }
    features = [
        feature(name, {"type": "Polygon", "coordinates": [degrees([*ring, ring[0]])]}, high)
        for name, (ring, high) in rings.items()
    ]
    duct = {"type": "LineString", "coordinates": degrees([(36, 41), (103, 41)])}
    return {"type": "FeatureCollection", "features": [*features, feature("duct south", duct, None)]}


def feature(name: str, geometry: dict[str, object], high: float | None) -> dict[str, object]:
    """One feature."""
    properties: dict[str, object] = {"name": name} if high is None else {"name": name, "height": high}
    return {"type": "Feature", "geometry": geometry, "properties": properties}


def degrees(places: list[tuple[float, float]]) -> list[list[float]]:
    """Places in metres as longitude and latitude."""
    return [list(FRAME.degrees(x, y)) for x, y in places]


def write(folder: Path, plan: str = PLAN, **heights: float) -> Path:
    """Write plan and survey into a folder; the plan's path."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "survey.geojson").write_text(json.dumps(survey(**heights), indent=1), "utf-8")
    (folder / "yard.yaml").write_text(plan, "utf-8")
    return folder / "yard.yaml"
