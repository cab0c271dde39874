"""One content on everything: each input in turn changes it everywhere, and two builds of one plan are the same bytes."""

import hashlib
import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from tests.unit.site.documents import yard
from tests.unit.site.power.exports import BERLIN, system

from seamline.site.documents import work
from seamline.site.documents.changes import difference
from seamline.site.documents.content import Content, canonical, content_of, read_with
from seamline.site.documents.folder import documents, place
from seamline.site.documents.manifest import MANIFEST, verify
from seamline.site.documents.summary import summary
from seamline.site.documents.work import design
from seamline.site.frame import SiteError
from seamline.site.plan.loader import load_plan
from seamline.site.plan.model import Meaning

PRODUCT = Path(__file__).parents[4] / "examples" / "trailcam" / "contract.yaml"
CATALOGUE = """\
format: 1
parts:
  box-small:
    kind: enclosure
    title: Box of our own
    source: "our drawing 12"
    price: 20.00 EUR
"""
FULL = (
    yard.PLAN.replace("grid: {cell: 1 m}", "grid: {cell: 2 m}\n\ncatalogue: {files: [parts.yaml]}\n\nweather: {pvgis: sun.csv}")
    .replace("    box-small: 17.30 EUR\n", "")
    .replace("    with: [box-small]\n", "    with: [box-small]\n    product: device\n")
)


def write(folder, plan=FULL, *, price="20.00", sun=1.2, contract=None, **heights):
    """The yard with a catalogue, a product and weather of its own."""
    path = yard.write(folder, plan, **heights)
    (folder / "parts.yaml").write_text(CATALOGUE.replace("20.00", price), "utf-8")
    (folder / "sun.csv").write_text(system((sun, *BERLIN[1:])), "utf-8")
    (folder / "device").mkdir(exist_ok=True)
    (folder / "device" / "contract.yaml").write_text(contract or PRODUCT.read_text("utf-8"), "utf-8")
    return path


@pytest.fixture(scope="module")
def first(tmp_path_factory):
    folder = tmp_path_factory.mktemp("first")
    made = design(write(folder))
    place(documents(made), folder / "built")
    return made, folder / "built"


CHANGES = {
    "a height in the survey": {"hall_m": 9.0},
    "a place in the plan": {"plan": FULL.replace("place: {x: 38 m, y: 41 m}", "place: {x: 38 m, y: 41.2 m}")},
    "a zone's need": {"plan": FULL.replace("share: 90 %", "share: 91 %")},
    "a part": {"plan": FULL.replace("lens: 6mm", "lens: 12mm")},
    "a title": {"plan": FULL.replace("title: Gate camera", "title: Camera of the gate")},
    "a route": {"plan": FULL.replace("slack: 10 %", "slack: 12 %")},
    "a kit": {"plan": FULL.replace("autonomy: 5 d", "autonomy: 6 d")},
    "the network": {"plan": FULL + "\nnetwork: {fade_margin: 12 dB}\n"},
    "the grid": {"plan": FULL.replace("cell: 2 m", "cell: 1 m")},
    "the frame": {"plan": FULL + "\nframe: {epsg: 25832}\n"},
    "a price in the plan": {"plan": FULL.replace("wall-arm: 24.50 EUR", "wall-arm: 24.51 EUR")},
    "the budget": {"plan": FULL.replace("2500.00 EUR", "2500.01 EUR")},
    "a price in the catalogue": {"price": "20.01"},
    "the weather": {"sun": 1.3},
    "a period of the contract": {"contract": PRODUCT.read_text("utf-8").replace("every: 6 h", "every: 12 h")},
    "a line number": {"plan": f"# a comment\n{FULL}"},
}


@pytest.mark.parametrize("what", CHANGES)
def test_each_input_changes_the_content_of_every_file_and_makes_the_old_folder_stale(first, tmp_path, what):
    made, built = first
    path = write(tmp_path, **CHANGES[what])
    current = content_of(load_plan(path))
    assert current.hash != made.content.hash
    found = verify(built, current)
    names = {name.relative_to(built).as_posix() for name in built.rglob("*") if name.is_file()} - {MANIFEST}
    assert {finding.file for finding in found.findings} == names
    assert {finding.kind for finding in found.findings} == {"stale"}


def test_each_changed_input_is_in_every_file_that_is_built_anew(first, tmp_path):
    made, _ = first
    path = write(tmp_path, hall_m=9.0)
    newer = design(path)
    for name, data in documents(newer).items():
        assert newer.content.hash.encode() in data, name
        assert made.content.hash.encode() not in data, name


def test_the_hash_says_which_input_it_was(first, tmp_path):
    _, built = first
    told = {}
    for what in ("a height in the survey", "a price in the catalogue", "the weather", "a period of the contract", "a title"):
        path = write(tmp_path / what, **CHANGES[what])
        told[what] = verify(built, content_of(load_plan(path))).findings[0].why
    assert told == {
        "a height in the survey": "changed since: survey.geojson",
        "a price in the catalogue": "changed since: the catalogue, parts.yaml",
        "the weather": "changed since: sun.csv",
        "a period of the contract": "changed since: device/contract.yaml",
        "a title": "changed since: the plan",
    }


def test_a_comment_that_moves_no_line_and_another_folder_change_nothing(first, tmp_path):
    made, built = first
    path = write(tmp_path / "elsewhere", f"{FULL}# the end\n")
    assert content_of(load_plan(path)) == made.content
    assert verify(built, content_of(load_plan(path))).holds


def test_the_terrain_and_the_other_files_of_a_shapefile_count(tmp_path):
    path = write(tmp_path)
    plan = load_plan(path)
    (tmp_path / "survey.shp").write_bytes(b"shp")
    (tmp_path / "survey.dbf").write_bytes(b"dbf")
    (tmp_path / "ground.tif").write_bytes(b"tif")
    plan = replace(plan, inputs=("survey.shp", "ground.tif"))
    assert read_with(plan) == ("survey.shp", "survey.dbf", "ground.tif", "device/contract.yaml")
    before = content_of(plan)
    (tmp_path / "ground.tif").write_bytes(b"tjf")
    assert content_of(plan).hash != before.hash
    between = content_of(plan)
    (tmp_path / "survey.dbf").write_bytes(b"dbg")
    assert content_of(plan).hash != between.hash


def test_a_name_with_brackets_is_no_pattern(tmp_path):
    plan = replace(load_plan(write(tmp_path)), inputs=("survey[1].shp",))
    (tmp_path / "survey[1].dbf").write_bytes(b"dbf")
    assert read_with(plan)[:2] == ("survey[1].shp", "survey[1].dbf")


def test_an_input_that_cannot_be_read_is_named(tmp_path):
    plan = load_plan(write(tmp_path))
    (tmp_path / "sun.csv").unlink()
    with pytest.raises(SiteError, match=r"sun\.csv: it cannot be read"):
        content_of(plan)


def test_an_input_that_changes_meanwhile_stops_the_work(tmp_path, monkeypatch):
    path = write(tmp_path)
    real = work.cover

    def slow(site):
        write(tmp_path, sun=1.4)
        return real(site)

    monkeypatch.setattr(work, "cover", slow)
    with pytest.raises(SiteError, match="changed meanwhile"):
        design(path)


def test_one_obstructions_height_changes_coverage_drawings_and_cost_and_the_difference_says_so(tmp_path):
    path = write(tmp_path, stack_m=1.5)
    before = design(path)
    old = documents(before)
    write(tmp_path, stack_m=6.0)
    after = design(path)
    new = documents(after)
    assert {name for name in old if old[name] == new.get(name)} == set()
    found = difference(summary(before), summary(after))
    lines = list(found.lines())
    lanes = next(line for line in lines if "lanes, camera detect" in line)
    assert "share" in lanes
    assert "blind" in lanes
    assert any("behind stack (" in line for line in lines)
    assert lines[-1].startswith("it costs the same")
    assert {change.section for change in found.changes} <= {"survey", "coverage", "blind spots", "links"}
    assert lines[:2] == ["survey", "  ~ stack: height 1.5 m -> 6 m"]


def test_a_variant_costs_what_it_leaves_out(tmp_path):
    path = write(tmp_path)
    found = difference(summary(design(path)), summary(design(path, "no-detector")))
    assert found.cents == -2 * (6190 + 1420 + 980 + 1640 + 2200 + 2000)
    assert any(line.startswith("it costs 288.60 EUR less") for line in found.lines())


PROGRAM = """
import hashlib, json, sys
from pathlib import Path
from seamline.site.documents.folder import documents
from seamline.site.documents.work import design
files = documents(design(Path(sys.argv[1])))
print(json.dumps({name: hashlib.sha256(data).hexdigest() for name, data in files.items()}))
"""


def test_two_builds_are_the_same_bytes_also_under_other_hash_seeds_and_elsewhere(yard_plan, yard_files, tmp_path):
    sums = {name: hashlib.sha256(data).hexdigest() for name, data in yard_files.items()}
    path = yard.write(tmp_path / "elsewhere")
    for seed in ("1", "4711"):
        environment = {**os.environ, "PYTHONHASHSEED": seed, "TZ": "Pacific/Auckland", "LC_ALL": "C"}
        done = subprocess.run(
            [sys.executable, "-c", PROGRAM, path.name], cwd=path.parent, env=environment, capture_output=True, check=True
        )
        assert json.loads(done.stdout) == sums, seed


def test_the_canonical_form_tells_values_apart_and_refuses_what_it_does_not_know(designed):
    plan = designed.plan
    assert canonical(Meaning.WATER) == "water"
    assert canonical({"b": (1, 2.5), "a": None}) == [["b", [1, 2.5]], ["a", None]]
    assert canonical(plan.nodes["cam-1"]) != canonical(replace(plan.nodes["cam-1"], tilt_deg=12.1))
    assert canonical(plan.nodes["cam-1"])[""] == "Node"
    with pytest.raises(TypeError, match="a set"):
        canonical({1, 2})


def test_the_order_of_things_counts_since_documents_show_it(designed):
    plan = designed.plan
    turned = replace(plan, nodes=dict(reversed(plan.nodes.items())))
    assert content_of(turned).plan != designed.content.plan
    assert Content("a", {"x": "1", "y": "2"}, "c").hash == Content("a", {"y": "2", "x": "1"}, "c").hash
    assert designed.content.short == designed.content.hash[7:19]
