"""A site over HTTP: published, bound place by place, and what is covered as its devices come and go."""

from __future__ import annotations

import numpy as np
import psycopg
import pytest

from seamline.hub.presence import State
from seamline.hub.sites.live import bits_of, mask_of
from seamline.testing.fleet_rows import name

WHO = {"by": "anna", "reason": "commissioning"}
RING = [[[0.0, 0.0], [8.0, 0.0], [8.0, 1.0], [0.0, 1.0]]]
HASH = "sha256:" + "a" * 64
NODES = ("west", "middle", "east")


def bits(text):
    return bits_of(np.array([letter == "x" for letter in text]))


def text(bits_, cells=8):
    return "".join("x" if cell else "." for cell in mask_of(bits_, cells))


def node(ident, x, **more):
    return {
        "id": ident, "title": ident.title(), "kind": "camera", "part": "cam", "product": "heater", "x": x, "y": 0.5, "lon": 9.0,
        "lat": 48.0, "height_m": 4.0, "heading_deg": 90.0, "tilt_deg": 10.0, "hfov_deg": 80.0, "range_m": 30.0, **more,
    }  # fmt: skip


def remedy(dark, kind, of, seen, **more):
    return {
        "dark": dark, "kind": kind, "node": of, "part": None, "lens": None, "where": None, "x": 1.0, "y": 0.5, "height_m": 4.0,
        "heading_deg": 45.0, "tilt_deg": 10.0, "seen": [{"zone": "yard", "need": 0, "bits": bits(seen)}], **more,
    }  # fmt: skip


def document(**more):
    """A strip of eight cells of 1 m, seen from the west, the middle and the east, with a cell between them that two see."""
    seen = {"west": bits("xxx....."), "middle": bits("..xxxx.."), "east": bits(".....xxx")}
    yard = {
        "id": "yard", "title": "Yard", "columns": 8, "rows": 1, "west": 0.0, "south": 0.0, "cell": 1.0, "polygons": [RING],
        "inside": bits("xxxxxxxx"), "needs": [{"kind": "camera", "of": "recognise", "k": 1, "share": 0.95, "seen": seen}],
    }  # fmt: skip
    return {
        "format": "seamline-site/1",
        "title": "The yard",
        "hash": HASH,
        "frame": {"lon": 9.0, "lat": 48.0, "convergence_deg": 0.1},
        "boundary": [RING],
        "things": [{"id": "shed", "meaning": "building", "height_m": 5.0, "polygons": [RING], "lines": [], "points": []}],
        "nodes": [node("west", 0.0), node("middle", 4.0), node("east", 8.0)],
        "zones": [yard],
        "remedies": [
            remedy("east", "turn", "middle", "...xxxx."),
            remedy("east", "turn", "west", "xx......"),
            remedy("east", "add", None, "......xx", where="Mast 1", part="cam"),
        ],
        **more,
    }


def publish(api, site="yard", **more):
    return api.put(f"/sites/{site}", json={"by": "anna", "document": document(**more)})


def bind(api, place, device, replaces=None, site="yard", **more):
    return api.put(f"/sites/{site}/places/{place}", json={"device": device, "replaces": replaces, **WHO, **more})


def release(api, place, device, site="yard"):
    return api.delete(f"/sites/{site}/places/{place}", params={"device": device, **WHO})


def states(api):
    return {place["node"]: place["state"] for place in api.get("/sites/yard").json()["places"]}


@pytest.fixture
def online(fleet):
    """Two devices that speak, besides the story's."""
    return fleet.examples[State.ONLINE], next(name(at) for at in range(3, 40) if name(at) not in fleet.examples.values())


def test_a_plan_is_published_once_and_each_change_is_a_version_more(api):
    assert api.get("/sites").json() == []
    assert publish(api).json() == {"site": "yard", "version": 1, "hash": HASH, "changed": True}
    assert publish(api).json() == {"site": "yard", "version": 1, "hash": HASH, "changed": False}
    assert publish(api, hash="sha256:" + "b" * 64).json()["version"] == 2
    assert [(one["version"], one["hash"][7]) for one in api.get("/sites/yard/versions").json()] == [(2, "b"), (1, "a")]
    assert api.get("/sites/yard/plan").json() == document(hash="sha256:" + "b" * 64)
    listed = api.get("/sites").json()
    assert [(one["site"], one["title"], one["version"], one["by"]) for one in listed] == [("yard", "The yard", 2, "anna")]


def test_the_history_of_plans_and_bindings_is_read_to_its_end_page_by_page(api, online):
    for letter in "abcde":
        publish(api, hash="sha256:" + letter * 64)
    for _ in range(2):
        bind(api, "west", online[0])
        release(api, "west", online[0])

    def pages(path, key):
        found, before = [], None
        while page := api.get(f"/sites/yard/{path}", params={"limit": 2} | ({} if before is None else {"before": before})).json():
            assert len(page) <= 2
            found += page
            before = page[-1][key]
        return found

    assert [one["version"] for one in pages("versions", "version")] == [5, 4, 3, 2, 1]
    assert [one["action"] for one in pages("bindings", "id")] == ["released", "bound"] * 2
    assert pages("bindings", "id") == api.get("/sites/yard/bindings").json()
    for path in ("versions", "bindings"):
        assert api.get(f"/sites/yard/{path}", params={"limit": 0}).status_code == 422


def test_the_document_of_a_version_is_read_once(api, database):
    publish(api)
    before = api.get("/sites/yard").json()["needs"]
    with psycopg.connect(database.dsn) as connection:
        connection.execute("UPDATE site_plan SET document = '{}'")
    assert api.get("/sites/yard").json()["needs"] == before
    assert api.get("/sites/yard/plan").json() == document()


def test_a_place_is_planned_then_installed_then_alive_or_dark(api, fleet, online):
    publish(api)
    assert states(api) == dict.fromkeys(NODES, "planned")
    bind(api, "west", "not-heard-yet", expected=True)
    bind(api, "middle", online[0])
    bind(api, "east", fleet.examples[State.LOST])
    assert states(api) == {"west": "installed", "middle": "alive", "east": "dark"}
    now = api.get("/sites/yard").json()
    assert now["counts"] == {"planned": 0, "installed": 1, "alive": 1, "dark": 1, "unknown": 0}
    dark = now["places"][2]
    assert (dark["presence"], dark["device"]) == ("lost", fleet.examples[State.LOST])
    assert dark["why"]
    assert dark["last_heard_ms"] < now["now_ms"]


@pytest.mark.parametrize(
    ("state", "shown"), [(State.DEAF, "alive"), (State.SILENT, "dark"), (State.PRESUMED_LOST, "dark"), (State.NEVER, "installed")]
)
def test_a_device_that_speaks_is_alive_and_one_that_should_and_does_not_is_dark(api, fleet, state, shown):
    publish(api)
    bind(api, "west", fleet.examples[state])
    assert states(api)["west"] == shown


def test_a_place_that_the_hub_cannot_hear_is_unknown_and_not_dark_and_nothing_is_proposed_for_it(deaf, fleet, online):
    served, client = deaf
    publish(client)
    bind(client, "west", online[0])
    bind(client, "middle", online[1])
    bind(client, "east", fleet.examples[State.LOST])
    assert client.get("/sites/yard").json()["counts"]["alive"] == 2
    served.clock.ahead_ms = 10 * 60_000
    now = client.get("/sites/yard").json()
    assert states(client) == {"west": "unknown", "middle": "unknown", "east": "dark"}
    assert now["counts"] == {"planned": 0, "installed": 0, "alive": 0, "dark": 1, "unknown": 2}
    assert now["places"][0]["why"].startswith("the hub itself has not been able to hear or store since ")
    assert [dark["node"] for dark in now["dark"]] == ["east"]
    (need,) = now["needs"]
    assert (need["share"], text(need["missing"])) == (0.0, "xxxxxxxx")


def test_what_the_dark_node_alone_covered_is_missing_and_the_best_remedy_for_now_is_named(api, fleet, online):
    publish(api)
    bind(api, "west", online[0])
    bind(api, "middle", online[1])
    bind(api, "east", fleet.examples[State.LOST])
    now = api.get("/sites/yard").json()
    (need,) = now["needs"]
    assert (need["planned"], need["share"], need["needed"], need["met"]) == (1.0, 0.75, 0.95, False)
    assert (text(need["missing"]), need["missing_m2"]) == ("......xx", 2.0)
    (dark,) = now["dark"]
    assert dark == {
        "node": "east",
        "alone_m2": {"yard": 2.0},
        "helps": [
            {"remedy": 2, "gain_m2": 2.0, "back_m2": {"yard": 2.0}, "given_up_m2": {}},
            {"remedy": 0, "gain_m2": 1.0, "back_m2": {"yard": 1.0}, "given_up_m2": {}},
        ],
    }


def test_a_device_that_nobody_has_heard_of_is_refused_unless_it_is_expected(api, fleet):
    publish(api)
    refused = bind(api, "west", "nobody")
    assert refused.status_code == 409
    assert "No device 'nobody' has been registered or heard" in refused.json()["detail"]
    assert "expected" in refused.json()["remedy"]
    assert states(api)["west"] == "planned"
    assert api.get("/sites/yard/bindings").json() == []
    assert bind(api, "west", fleet.examples[State.NEVER]).json()["state"] == "installed"
    assert bind(api, "east", "nobody", expected=True).json()["state"] == "installed"


def test_a_device_stands_at_one_place_only(api, online):
    publish(api)
    publish(api, "other")
    assert bind(api, "west", online[0]).status_code == 200
    assert bind(api, "west", online[0]).status_code == 200
    for place, site in (("east", "yard"), ("west", "other")):
        refused = bind(api, place, online[0], site=site)
        assert refused.status_code == 409
        assert "is bound to 'west' of 'yard'" in refused.json()["detail"]


def test_a_place_is_taken_over_only_by_who_knows_what_stands_there(api, online):
    publish(api)
    bind(api, "west", online[0])
    assert bind(api, "west", online[1]).status_code == 409
    assert bind(api, "west", online[1], replaces="another").status_code == 409
    assert bind(api, "west", online[1], replaces=online[0]).json()["device"] == online[1]
    assert release(api, "west", online[0]).status_code == 409
    assert release(api, "west", online[1]).json()["state"] == "planned"
    assert release(api, "west", online[1]).status_code == 404
    told = [(one["action"], one["device"], one["by"]) for one in api.get("/sites/yard/bindings").json()]
    assert told == [
        ("released", online[1], "anna"), ("bound", online[1], "anna"), ("released", online[0], "anna"), ("bound", online[0], "anna"),
    ]  # fmt: skip


def test_a_device_of_another_product_is_refused(api, online):
    publish(api, nodes=[node("west", 0.0, product="trailcam"), node("middle", 4.0, product=None), node("east", 8.0)])
    refused = bind(api, "west", online[0])
    assert refused.status_code == 409
    assert "is a heater, and 'west' is planned for a trailcam" in refused.json()["detail"]
    assert bind(api, "middle", online[0]).status_code == 200


def test_a_device_whose_place_is_gone_from_the_plan_is_left_over_until_it_is_released(api, online):
    publish(api)
    bind(api, "east", online[0])
    yard = document()["zones"][0]
    seen = {key: value for key, value in yard["needs"][0]["seen"].items() if key != "east"}
    smaller = {
        "nodes": document()["nodes"][:2],
        "remedies": [],
        "zones": [{**yard, "needs": [{**yard["needs"][0], "seen": seen}]}],
    }
    assert publish(api, **smaller).json()["changed"]
    now = api.get("/sites/yard").json()
    assert [(one["node"], one["device"], one["state"]) for one in now["left_over"]] == [("east", online[0], "alive")]
    assert bind(api, "east", online[1]).status_code == 404
    assert release(api, "east", online[0]).status_code == 200
    assert api.get("/sites/yard").json()["left_over"] == []


def zone(**more):
    return [{**document()["zones"][0], **more}]


def need(**more):
    return zone(needs=[{**document()["zones"][0]["needs"][0], **more}])


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"nodes": [node("west", 0.0), node("west", 1.0)]}, "nodes: 'west' is there twice"),
        ({"zones": zone() + zone()}, "zones: 'yard' is there twice"),
        ({"zones": zone(inside=bits("........"))}, "has no cells"),
        ({"zones": zone(columns=9)}, "9 cells need 2"),
        ({"zones": zone(columns=20_000, rows=20_000)}, "use larger cells"),
        ({"zones": need(seen={"nobody": bits("xxxxxxxx")})}, "no node 'nobody'"),
        ({"zones": need(seen={"west": "AAAA"})}, "3 bytes of bits"),
        ({"remedies": [remedy("nobody", "add", None, "xxxxxxxx")]}, "no node 'nobody'"),
        ({"remedies": [remedy("east", "turn", "nobody", "xxxxxxxx")]}, "no node 'nobody'"),
        ({"remedies": [remedy("east", "turn", None, "xxxxxxxx")]}, "another node of the plan"),
        ({"remedies": [remedy("east", "turn", "east", "xxxxxxxx")]}, "another node of the plan"),
        ({"remedies": [remedy("east", "add", "west", "xxxxxxxx")]}, "another node of the plan"),
        ({"remedies": [{**remedy("east", "add", None, "x"), "seen": [{"zone": "yard", "need": 3, "bits": "AA=="}]}]}, "no need 3"),
        ({"remedies": [{**remedy("east", "add", None, "x"), "seen": [{"zone": "yard", "need": 0, "bits": ""}]}]}, "0 bytes of bits"),
    ],
)  # fmt: skip
def test_a_plan_that_contradicts_itself_is_refused_with_the_place(api, changed, why):
    refused = publish(api, **changed)
    assert refused.status_code == 422
    assert why in refused.json()["detail"]
    assert api.get("/sites").json() == []


@pytest.mark.parametrize("changed", [{"format": "seamline-site/2"}, {"hash": "x"}, {"more": 1}, {"nodes": [node("a b", 0.0)]}])
def test_what_is_no_plan_is_refused(api, changed):
    assert publish(api, **changed).status_code == 422


def test_a_site_that_nobody_published_is_not_found(api, online):
    for path in ("", "/plan", "/versions", "/bindings"):
        told = api.get(f"/sites/yard{path}")
        assert told.status_code == 404
        assert "seamline site publish" in told.json()["remedy"]
    assert bind(api, "west", online[0]).status_code == 404
    assert release(api, "west", online[0]).status_code == 404
