"""How fast a large KML file is read: `python bench/survey.py [--quick]`, beside GDAL's own KML reader in the same run.

    survey     200,000 polygons of six places with a style and a value each, some 74 MB (--quick: 20,000)

Each reader runs in a process of its own; seconds are of the processor, with the imports, megabytes the most that it held. The peer is
pyogrio (LIBKML) without repair, notes or folders. The figures of the last line, which is JSON, are features a second.
"""

from __future__ import annotations

import argparse
import json
import random
import subprocess
import sys
import tempfile
from pathlib import Path

FEATURES, QUICK = 200_000, 20_000
CORNERS = ((0, 0), (1, 0), (1, 1), (0.5, 1.5), (0, 1), (0, 0))
SIDE_DEG = 1e-4
HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n<kml xmlns="http://www.opengis.net/kml/2.2"><Document>\n'
STYLE = '<Style id="s"><LineStyle><color>ff0000ff</color></LineStyle></Style>\n'
MEASURED = """
import resource, sys
{reading}
used = resource.getrusage(resource.RUSAGE_SELF)
print(count, used.ru_utime + used.ru_stime, used.ru_maxrss / 1e3)
"""
OURS = "from pathlib import Path\nfrom seamline.site.survey import read\ncount = len(read(Path(sys.argv[1])).features)"
PEER = "import pyogrio.raw\ncount = len(pyogrio.raw.read(sys.argv[1])[2])"


def survey(path: Path, features: int) -> None:
    """Write a survey of buildings, the same each time."""
    draw = random.Random(1)
    with path.open("w", encoding="utf-8") as file:
        file.write(HEAD + STYLE)
        for at in range(features):
            east, north = draw.uniform(6, 15), draw.uniform(47, 54)
            ring = " ".join(f"{east + dx * SIDE_DEG:.6f},{north + dy * SIDE_DEG:.6f},0" for dx, dy in CORNERS)
            data = f'<ExtendedData><Data name="h"><value>{at % 9}</value></Data></ExtendedData>'
            outer = f"<outerBoundaryIs><LinearRing><coordinates>{ring}</coordinates></LinearRing></outerBoundaryIs>"
            file.write(f"<Placemark><name>b{at}</name><styleUrl>#s</styleUrl>{data}<Polygon>{outer}</Polygon></Placemark>\n")
        file.write("</Document></kml>\n")


def measured(reading: str, path: Path) -> tuple[int, float, float]:
    """Features, seconds and megabytes of one reader."""
    done = subprocess.run(
        [sys.executable, "-c", MEASURED.format(reading=reading), path], capture_output=True, text=True, check=True
    )
    count, seconds, megabytes = done.stdout.split()
    return int(count), float(seconds), float(megabytes)


def main() -> int:
    """Print the table and the figures; return 0."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="a tenth of the features")
    features = QUICK if parser.parse_args().quick else FEATURES
    figures: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "survey.kml"
        survey(path, features)
        print(f"{features:,} polygons, {path.stat().st_size / 1e6:.1f} MB")
        for name, reading in (("seamline", OURS), ("pyogrio", PEER)):
            count, seconds, megabytes = measured(reading, path)
            print(f"  {name:<10}{count:>9,} features {seconds:7.2f} s {megabytes:7.0f} MB")
            figures[name] = round(count / seconds)
    ratio = round(figures["seamline"] / figures["pyogrio"], 2)
    figure = {"value": figures["seamline"], "unit": "features/s", "against": "pyogrio", "ratio": ratio}
    print(json.dumps({"bench": "survey", "figures": {"survey": figure}}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
