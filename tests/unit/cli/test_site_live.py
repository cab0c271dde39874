"""`seamline site publish`, `bind`, `release` and `live` against a hub that answers what it was told to."""

import json
from pathlib import Path

import pytest

from seamline.cli import exits, main

YARD = Path(__file__).parents[3] / "examples" / "sites" / "yard"
NOW = 1_763_715_600_000
PLACE = {
    "node": "cam-gate", "state": "dark", "device": "yard-0002", "bound_ms": NOW, "presence": "lost", "why": "its connection ended",
    "since_ms": NOW, "last_heard_ms": NOW,
}  # fmt: skip
PLANNED = {
    **PLACE,
    "node": "cam-dock",
    "state": "planned",
    "device": None,
    "presence": None,
    "last_heard_ms": None,
    "why": "no device is bound to it",
}
NEED = {
    "zone": "gate",
    "need": 0,
    "needed": 0.6,
    "planned": 0.65,
    "share": 0.25,
    "met": False,
    "missing": "",
    "missing_m2": 81.25,
}
REMEDY = {"dark": "cam-gate", "x": 1.0, "y": 2.0, "height_m": 5.5, "heading_deg": 135.0, "tilt_deg": 9.0, "seen": []}
PLAN = {
    "zones": [{"id": "gate", "needs": [{"kind": "camera", "of": "identify", "k": 2}]}],
    "remedies": [
        {**REMEDY, "kind": "turn", "node": "cam-yard", "part": "bullet", "lens": "6mm", "where": None},
        {**REMEDY, "kind": "move", "node": "cam-yard", "part": "bullet", "lens": "6mm", "where": None},
        {**REMEDY, "kind": "add", "node": None, "part": "bullet", "lens": "6mm", "where": "Mast 2"},
        {**REMEDY, "kind": "add", "node": None, "part": "ear", "lens": None, "where": "Mast 2"},
    ],
}  # fmt: skip
SITE = {
    "site": "yard", "title": "The yard", "version": 3, "hash": "sha256:ab", "now_ms": NOW, "published_ms": NOW,
    "counts": {"planned": 1, "installed": 0, "alive": 6, "dark": 1}, "places": [PLANNED, PLACE], "needs": [NEED],
    "dark": [
        {"node": "cam-gate", "alone_m2": {"gate": 81.25}, "helps": [
            {"remedy": at, "gain_m2": 8.5 - at, "back_m2": {"gate": 9.0}, "given_up_m2": {"yard": 0.5 + at} if at < 2 else {}} for at in range(4)
        ]},
        {"node": "cam-dock", "alone_m2": {}, "helps": []},
    ],
    "left_over": [],
}  # fmt: skip


def test_a_site_is_shown_with_its_places_its_coverage_and_what_helps_and_the_code_says_that_it_sees_too_little(hub, capsys):
    hub.answers |= {"/api/sites/yard": (200, SITE), "/api/sites/yard/plan": (200, PLAN)}
    assert main(["site", "live", "yard"]) == exits.PROMISE_BROKEN
    out = capsys.readouterr().out
    for told in (
        "The yard, version 3", "1 planned, 0 installed, 6 alive, 1 dark", "its connection ended", "identify by 2", "60.0%", "65.0%", "25.0%",
        "cam-gate alone covered 81.2 m2 of gate", "turn cam-yard to 135 degrees: brings back 9.0 m2 of gate, gives up 0.5 m2 of yard\n", "move cam-yard to the place of cam-gate",
        "add bullet (6mm) at Mast 2 (1, 2 m, 5.5 m high), looking to 135 degrees: brings back 9.0 m2 of gate\n", "add ear at Mast 2",
    ):  # fmt: skip
        assert told in out
    assert "cam-dock alone" not in out


def test_a_site_that_sees_enough_is_well_also_as_json(hub, capsys):
    hub.answers["/api/sites/yard"] = (200, {**SITE, "needs": [{**NEED, "met": True}]})
    assert main(["site", "live", "yard", "--json"]) == exits.OK
    assert json.loads(capsys.readouterr().out)["counts"]["alive"] == 6


def test_the_sites_are_listed_or_the_way_to_one_is_said(hub, capsys):
    hub.answers["/api/sites"] = (200, [])
    assert main(["site", "live"]) == exits.OK
    assert "seamline site publish PLAN" in capsys.readouterr().out
    line = {"site": "yard", "title": "The yard", "version": 3, "hash": "sha256:ab", "published_ms": NOW, "by": "anna"}
    hub.answers["/api/sites"] = (200, [line])
    assert main(["site", "live"]) == exits.OK
    assert "The yard" in capsys.readouterr().out
    assert main(["site", "live", "--json"]) == exits.OK
    assert json.loads(capsys.readouterr().out)["sites"] == [line]


def test_a_device_is_bound_and_released_by_somebody_for_a_reason(hub, capsys):
    hub.answers["/api/sites/yard/places/cam-gate"] = (200, {**PLACE, "state": "installed"})
    said = ["--by", "anna", "--reason", "broken"]
    assert main(["site", "bind", "yard", "cam-gate", "serial-7", "--replaces", "yard-0002", *said]) == exits.OK
    assert "serial-7 stands at cam-gate: installed" in capsys.readouterr().out
    method, kind, body = hub.sent[-1]
    assert (method, kind) == ("PUT", "application/json")
    who = {"by": "anna", "reason": "broken"}
    assert json.loads(body) == {"device": "serial-7", "replaces": "yard-0002", "expected": False, **who}
    assert main(["site", "bind", "yard", "cam-gate", "serial-8", "--expected", *said]) == exits.OK
    assert json.loads(hub.sent[-1][2])["expected"] is True
    capsys.readouterr()
    assert main(["site", "release", "yard", "cam-gate", "serial-7", *said, "--json"]) == exits.OK
    assert hub.asked[-1] == ("/api/sites/yard/places/cam-gate", {"device": "serial-7", "by": "anna", "reason": "broken"})
    assert hub.sent[-1][0] == "DELETE"
    assert json.loads(capsys.readouterr().out)["node"] == "cam-gate"


@pytest.mark.parametrize(("changed", "how"), [(True, "version 2 is in force"), (False, "version 2 was in force already")])
def test_a_plan_is_worked_out_and_published_under_its_name(hub, capsys, changed, how):
    told = {"site": "yard", "version": 2, "hash": "sha256:ab", "changed": changed}
    hub.answers["/api/sites/yard"] = (200, told)
    assert main(["site", "publish", str(YARD), "--by", "anna", *(["--json"] if changed else [])]) == exits.OK
    out = capsys.readouterr().out
    assert json.loads(out) == told if changed else how in out
    sent = json.loads(hub.sent[-1][2])
    assert sent["by"] == "anna"
    assert (sent["document"]["format"], len(sent["document"]["nodes"])) == ("seamline-site/1", 8)


@pytest.mark.usefixtures("hub")
def test_a_plan_that_is_none_is_told_with_its_place(capsys, tmp_path):
    (tmp_path / "plan.yaml").write_text("format: 1\nsite: yard\nnodes: 7\n", encoding="utf-8")
    assert main(["site", "publish", str(tmp_path), "--by", "anna"]) == exits.PROMISE_BROKEN
    assert "plan.yaml:" in capsys.readouterr().err
