"""Plans and surveys for tests, made of a few lines."""

import json
from pathlib import Path

from seamline.contract.problems import ContractErrors
from seamline.site.plan import load_plan, resolve

# A degree of latitude is 111.3 km, of longitude at 50 degrees 71.7 km: these boxes are 71.7 m by 55.6 m.
WEST, SOUTH = 8.5, 50.0
HEAD = """\
format: 1
site: {name: test}
survey:
  files: [survey.geojson]
  rules:
    - {folder: "Boundary", is: boundary}
    - {folder: "Buildings", is: building, height: {property: height}}
    - {folder: "Walls", is: obstruction, height: 3 m}
    - {folder: "Masts", is: mast}
    - {folder: "Zones", is: zone}
    - {folder: "Water", is: water}
    - {folder: "Ducts", is: route}
    - {folder: "Devices", is: device}
    - {folder: "Junk", is: ignore}
"""


def box(x, y, wide, high):
    """A ring in degrees: x and y of the south-western corner, and the size, all in ten-thousandths of a degree."""
    ring = [(x, y), (x + wide, y), (x + wide, y + high), (x, y + high), (x, y)]
    return {"type": "Polygon", "coordinates": [[[WEST + a / 1e4, SOUTH + b / 1e4] for a, b in ring]]}


def point(x, y):
    return {"type": "Point", "coordinates": [WEST + x / 1e4, SOUTH + y / 1e4]}


def line(*places):
    return {"type": "LineString", "coordinates": [[WEST + x / 1e4, SOUTH + y / 1e4] for x, y in places]}


def feature(name, folder, geometry, **properties):
    return {"type": "Feature", "geometry": geometry, "properties": {"name": name, "folder": folder, **properties}}


PLOT = feature("Plot", "Boundary", box(0, 0, 10, 5))
BARN = feature("Barn", "Buildings", box(4, 2, 2, 1), height=6)
FIELD = feature("Field", "Zones", box(1, 0.5, 8, 4))
MAST = feature("Mast", "Masts", point(0.5, 0.5))
CAMERA = "{part: bullet-4mp, lens: 4mm, place: {feature: Mast}, height: 5 m, heading: 60 deg, tilt: 12 deg}"


def survey(folder, *features, name="survey.geojson"):
    (folder / name).write_text(json.dumps({"type": "FeatureCollection", "features": list(features)}), encoding="utf-8")


def written(folder, tail="", *features, head=HEAD) -> Path:
    """A plan beside its survey."""
    survey(folder, *(features or (PLOT, BARN, FIELD, MAST)))
    path = folder / "plan.yaml"
    path.write_text(head + tail, encoding="utf-8")
    return path


def site(folder, tail="", *features, head=HEAD, variant=None):
    return resolve(load_plan(written(folder, tail, *features, head=head), variant))


def problems(path, variant=None):
    """What is wrong with a plan, or with what its survey makes of it."""
    try:
        resolve(load_plan(path, variant))
    except ContractErrors as errors:
        return errors.problems
    return ()
