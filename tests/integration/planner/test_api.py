"""The planner's routes over HTTP: what a page asks and is told, what is refused, and that nobody else may ask."""

import json
import shutil
from pathlib import Path

import httpx
import pytest

from seamline.planner.app import POLICY
from seamline.planner.upload import SURVEY_BYTES_MAX
from seamline.site.plan import load_plan
from seamline.testing.planner_server import planning

EXAMPLES = Path(__file__).resolve().parents[3] / "examples"
KERNEL = Path(__file__).resolve().parents[3] / "src" / "seamline" / "site" / "kernel" / "visibility.wasm"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    made = tmp_path_factory.mktemp("planner")
    for name in ("sites/yard", "trailcam"):
        shutil.copytree(EXAMPLES / name, made / name)
    pages = made / "pages"
    (pages / "assets").mkdir(parents=True)
    (pages / "planner.html").write_text("<!doctype html><title>planner</title>")
    (pages / "favicon.svg").write_text("<svg xmlns='http://www.w3.org/2000/svg'/>")
    (pages / "assets" / "planner.js").write_text("export {};")
    return made


@pytest.fixture(scope="module")
def plan(folder):
    return folder / "sites" / "yard" / "plan.yaml"


@pytest.fixture(scope="module")
def client(folder, plan):
    with planning(plan, folder / "pages") as address, httpx.Client(base_url=address, timeout=60) as made:
        yield made


@pytest.fixture
def site(client):
    return client.get("/api/site").json()


@pytest.fixture
def asked(site):
    return {"content": site["content"], "variant": None}


def node(site, ident, **changes):
    found = next(one for one in site["nodes"] if one["id"] == ident)
    return {name: value for name, value in found.items() if name != "existing"} | changes


def events(text):
    found = [block.split("\n") for block in text.strip().split("\n\n")]
    return [(name.removeprefix("event: "), json.loads(data.removeprefix("data: "))) for name, data in found]


def test_the_page_may_compile_the_kernel_and_nothing_else_is_let_in(client):
    home = client.get("/")
    assert home.headers["content-security-policy"] == POLICY
    assert "'wasm-unsafe-eval'" in POLICY
    assert "unsafe-inline" not in POLICY
    assert client.get("/kernel.wasm").content == KERNEL.read_bytes()
    assert client.get("/kernel.wasm").headers["content-type"] == "application/wasm"
    assert "wasm-unsafe-eval" not in client.get("/api/site").headers["content-security-policy"]
    assert client.get("/assets/planner.js").status_code == client.get("/favicon.svg").status_code == 200


def test_a_name_that_is_not_this_machines_and_another_pages_writes_are_refused(client, asked):
    assert client.get("/api/site", headers={"Host": "planner.example"}).status_code == 421
    assert client.put("/api/plan", json=asked, headers={"Origin": "http://elsewhere.example"}).status_code == 403
    assert client.post("/api/placement", json=asked, headers={"Origin": "http://elsewhere.example"}).status_code == 403


def test_a_moved_node_is_answered_with_coverage_spots_masks_and_hashes(client, site, asked):
    before = client.post("/api/cover", json=asked).json()
    turned = {**asked, "nodes": [node(site, "cam-gate", heading_deg=300)], "masks": True}
    after = client.post("/api/cover", json=turned).json()
    assert after["score"] < before["score"]
    assert after["zones"][0]["hash"] != before["zones"][0]["hash"]
    assert set(after["zones"][0]["masks"]) == {one["id"] for one in site["nodes"]}
    spot = after["zones"][0]["needs"][0]["spots"][0]
    assert spot["area_m2"] > 0
    assert spot["causes"]
    assert spot["polygons"]
    assert "masks" not in before["zones"][0]


@pytest.mark.parametrize("route", ["network", "power", "bom"])
def test_every_panel_answers_for_the_nodes_as_they_are_on_the_page(client, site, asked, route):
    plain = client.post(f"/api/{route}", json=asked)
    extra = node(site, "cam-gate", id="extra", x=60.0, y=50.0)
    more = client.post(f"/api/{route}", json={**asked, "nodes": [extra]})
    assert (plain.status_code, more.status_code) == (200, 200)
    assert plain.json() != more.json()


def test_variants_are_opened_and_stand_side_by_side(client):
    fewer = client.get("/api/site", params={"variant": "fewer"}).json()
    assert fewer["variant"] == "fewer"
    rows = client.get("/api/variants").json()["variants"]
    assert [row["id"] for row in rows] == [None, "fewer"]
    told = client.post("/api/cover", json={"content": fewer["content"], "variant": "fewer"}).json()
    assert told["score"] == rows[1]["score"] < rows[0]["score"]


def test_an_unknown_variant_is_refused_with_the_names_that_there_are(client):
    told = client.get("/api/site", params={"variant": "none"})
    assert told.status_code == 422
    assert "fewer" in told.json()["detail"]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"x": 1e9}, "x"),
        ({"height_m": -1}, "height_m"),
        ({"tilt_deg": 91}, "tilt_deg"),
        ({"heading_deg": "north"}, "heading_deg"),
        ({"id": "../x"}, "id"),
        ({"colour": "red"}, "colour"),
        ({"lens": "99mm"}, "lens '99mm'"),
        ({"id": "new-one", "part": "periscope"}, "periscope"),
    ],
)
def test_a_node_that_cannot_be_is_refused_by_name(client, site, asked, change, words):
    for route in ("cover", "network", "power", "bom"):
        told = client.post(f"/api/{route}", json={**asked, "nodes": [node(site, "cam-gate", **change)]})
        assert told.status_code == 422
        assert told.headers["content-type"] == "application/problem+json"
        assert words in told.json()["detail"]


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999"])
def test_a_place_that_is_no_number_is_refused(client, site, asked, number):
    body = json.dumps({**asked, "nodes": [node(site, "cam-gate", x=12345.5)]}).replace("12345.5", number)
    assert client.post("/api/cover", content=body, headers={"Content-Type": "application/json"}).status_code == 422


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b'{"content": 7}'])
def test_what_is_no_question_is_refused(client, body):
    for route in ("cover", "placement", "network", "power", "bom"):
        told = client.post(f"/api/{route}", content=body, headers={"Content-Type": "application/json"})
        assert told.status_code == 422
        assert told.json()["detail"]


def test_a_page_of_a_plan_that_was_changed_is_told_so(client, asked):
    told = client.post("/api/cover", json={**asked, "content": "0" * 64})
    assert told.status_code == 409
    assert "load this page again" in told.json()["detail"]


def test_a_placement_tells_its_progress_and_ends_with_an_answer_and_its_bound(client, asked):
    told = client.post("/api/placement", json={**asked, "count": 1})
    assert told.headers["content-type"].startswith("text/event-stream")
    *progress, (name, answer) = events(told.text)
    assert name == "answer"
    assert {kind for kind, _ in progress} <= {"progress"}
    assert len(answer["nodes"]) == 1
    assert answer["bound"] >= answer["value"]


def test_a_placement_with_nothing_to_choose_from_says_why(client, plan, asked):
    text = plan.read_text()
    start, end = text.index("mountings:"), text.index("nodes:\n")
    plan.write_text(text[:start] + text[end:])
    try:
        content = client.get("/api/site").json()["content"]
        ((name, failed),) = events(client.post("/api/placement", json={**asked, "content": content}).text)
    finally:
        plan.write_text(text)
    assert name == "failed"
    assert "mountings" in failed["detail"]


def test_a_placement_is_stopped_with_what_it_has(client, asked):
    stopped = False
    with client.stream("POST", "/api/placement", json={**asked, "fewest": True, "fresh": True}) as told:
        stopped = httpx.delete(f"{client.base_url}/api/placement").json()["stopped"]
        text = told.read().decode()
    name, answer = events(text)[-1]
    assert stopped
    assert (name, answer["stop"]) == ("answer", "cancelled")
    assert client.delete("/api/placement").json() == {"stopped": False}


def test_a_survey_is_previewed_by_the_plans_rules(client, plan):
    told = client.post("/api/survey", params={"name": "survey.kml"}, content=(plan.parent / "survey.kml").read_bytes()).json()
    assert {"Warehouse", "Gate", "Mast 1"} <= {thing["name"] for thing in told["things"]}
    assert told["frame"].startswith("EPSG:")


def test_a_dropped_survey_is_put_into_the_plan_asked_about_and_saved(client, plan, asked):
    path = plan.parent / "survey.kml"
    old, text = path.read_bytes(), plan.read_text()
    data = old.replace(b"<value>5.2</value>", b"<value>0.4</value>")
    ident = client.post("/api/survey", params={"name": "survey.kml"}, content=data).json()["id"]
    with_it = client.get("/api/site", params={"survey": ident, "instead": "survey.kml"}).json()
    assert with_it["survey"] == {"files": ["survey.kml"], "new": ["survey.kml"]}
    assert with_it["content"] == asked["content"]
    body = {**asked, "surveys": [{"id": ident, "instead": "survey.kml"}]}
    before, after = (client.post("/api/cover", json=one).json()["score"] for one in (asked, body))
    assert after > before
    assert path.read_bytes() == old
    try:
        assert client.put("/api/plan", json=body).status_code == 200
        assert path.read_bytes() == data
        assert (plan.parent / "survey-2.kml").read_bytes() == old
        assert client.post("/api/cover", json=asked).json()["score"] == after
    finally:
        path.write_bytes(old)
        (plan.parent / "survey-2.kml").unlink()
        plan.write_text(text)
        client.get("/api/site")


def test_a_survey_that_nobody_dropped_cannot_be_put_into_the_plan(client, asked):
    told = client.get("/api/site", params={"survey": "0" * 64})
    assert told.status_code == 422
    assert "drop it on the page again" in told.json()["detail"]
    assert client.post("/api/cover", json={**asked, "surveys": [{"id": "0" * 64}]}).status_code == 422


def test_a_supply_that_is_moved_is_answered_with_other_cables_and_written(client, plan, site, asked):
    text = plan.read_text()
    hall = next(one for one in site["stations"] if one["id"] == "hall")
    moved = {**asked, "stations": [{"section": "supplies", "id": "hall", "x": hall["x"] + 6, "y": hall["y"]}]}
    rows = [client.post("/api/network", json=one).json()["cables"]["rows"] for one in (asked, moved)]
    assert [row["metres"] for row in rows[0]] != [row["metres"] for row in rows[1]]
    try:
        assert client.put("/api/plan", json=moved).status_code == 200
        assert load_plan(plan).supplies["hall"].place.x_m == pytest.approx(hall["x"] + 6)
    finally:
        plan.write_text(text)


@pytest.mark.parametrize("change", [{"section": "roofs"}, {"x": 1e9}, {"height_m": -1}, {"id": "nobody"}, {"title": "x"}])
def test_a_station_that_cannot_be_is_refused(client, asked, change):
    station = {"section": "supplies", "id": "hall", "x": 1.0, "y": 1.0, **change}
    assert client.post("/api/network", json={**asked, "stations": [station]}).status_code == 422


@pytest.mark.parametrize(
    ("name", "data", "status"),
    [
        ("survey.kml", b"<!DOCTYPE x [<!ENTITY a SYSTEM 'file:///etc/passwd'>]><kml>&a;</kml>", 422),
        ("survey.kml", b"", 422),
        ("survey.exe", b"MZ", 422),
        ("..", b"x", 422),
        ("survey.kml", b"x" * (SURVEY_BYTES_MAX + 1), 413),
    ],
)
def test_a_survey_that_cannot_be_read_is_refused_with_the_reason(client, name, data, status):
    told = client.post("/api/survey", params={"name": name}, content=data)
    assert told.status_code == status
    assert told.json()["detail"]
    assert "root:" not in told.text


def test_saving_changes_the_file_once_and_a_second_page_is_told(client, plan, site, asked):
    text = plan.read_text()
    try:
        body = {**asked, "nodes": [node(site, "cam-gate", heading_deg=141)]}
        saved = client.put("/api/plan", json=body)
        assert saved.status_code == 200
        assert load_plan(plan).nodes["cam-gate"].heading_deg == 141
        assert client.get("/api/site").json()["content"] == saved.json()["content"]
        assert client.put("/api/plan", json=body).status_code == 409
        variant = {"content": saved.json()["content"], "as_variant": "calm", "title": "Calm", "removed": ["cam-parking"]}
        assert client.put("/api/plan", json=variant).status_code == 200
        assert "cam-parking" not in load_plan(plan, "calm").nodes
    finally:
        plan.write_text(text)


def test_a_plan_that_broke_meanwhile_is_shown_with_its_place(client, plan):
    text = plan.read_text()
    plan.write_text(text.replace("format: 1", "format: 9"))
    try:
        told = client.get("/api/site")
    finally:
        plan.write_text(text)
    assert told.status_code == 422
    assert "plan.yaml:2:" in told.json()["detail"]


def test_without_built_pages_it_says_how_to_build_them(plan, tmp_path):
    with planning(plan, tmp_path) as address:
        told = httpx.get(address)
    assert told.status_code == 503
    assert "make web" in told.text
