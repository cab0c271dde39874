"""`seamline calibration`: what is printed, what is sent, and what is refused before anything is sent."""

import json

import pytest
from inline_snapshot import snapshot

from seamline.cli import exits, main

NOW = 1_763_715_600_000
PASS = {
    "id": 7, "calibration": "probe", "from_version": 1, "to_version": 2, "by": "anna", "reason": "recalibrated", "asked_ms": NOW,
    "finished_ms": NOW + 2_000, "rows": 12_345, "first_ms": NOW - 86_400_000, "last_ms": NOW - 1_000,
}  # fmt: skip


def version(number, **more):
    return {
        "version": number, "coefficients": {"gain": 1.02, "offset": -0.4}, "by": "anna", "reason": "bench", "made_ms": NOW,
        "from_ms": None, "to_ms": None, **more,
    }  # fmt: skip


def view(name="probe", **more):
    return {
        "name": name, "kind": "linear", "terms": {}, "unit": "Cel", "fields": ["reading.probe"], "takes": ["gain", "offset"],
        "in_force": None, "versions": [], "revaluations": [], **more,
    }  # fmt: skip


def at(hub, *views):
    hub.answers["/api/devices/d1/calibrations"] = (200, list(views))


def test_coefficients_are_shown_with_who_and_when_and_what_they_revalued(hub, capsys):
    points = version(1, coefficients={"points": [[0, 0], [4095, 10]]}, to_ms=NOW)
    at(hub, view(in_force=2, versions=[version(2), points], revaluations=[PASS, PASS | {"finished_ms": None}]), view("spare"))
    assert main(["calibration", "show", "d1"]) == exits.OK
    assert capsys.readouterr().out == snapshot("""\
probe, linear in Cel, of reading.probe: version 2 is in force
VERSION  SINCE (UTC)          BY    COEFFICIENTS            HOLDS (UTC)               REASON
      2  2025-11-21 09:00:00  anna  gain 1.02, offset -0.4  always                    bench
      1  2025-11-21 09:00:00  anna  points 2 points         … to 2025-11-21 09:00:00  bench

Valued anew by probe
ASKED (UTC)          VERSIONS    ROWS  MEASURED (UTC)                             FINISHED (UTC)       BY    REASON
2025-11-21 09:00:00  1 → 2     12,345  2025-11-20 09:00:00 … 2025-11-21 08:59:59  2025-11-21 09:00:02  anna  recalibrated
2025-11-21 09:00:00  1 → 2     12,345  2025-11-20 09:00:00 … 2025-11-21 08:59:59  under way            anna  recalibrated
spare, linear in Cel, of reading.probe: no coefficients yet
It takes gain, offset.
""")
    assert main(["calibration", "show", "d1", "--json"]) == exits.OK
    assert [one["name"] for one in json.loads(capsys.readouterr().out)["calibrations"]] == ["probe", "spare"]


def test_new_coefficients_are_sent_against_the_newest_version(hub, capsys):
    at(hub, view(versions=[version(3)]))
    hub.answers["/api/devices/d1/calibrations/probe"] = (200, view(versions=[version(4)]))
    command = [
        "calibration",
        "set",
        "d1",
        "probe",
        "--coefficients",
        "gain=1.1",
        "offset=-1",
        "--by",
        "anna",
        "--reason",
        "bench",
    ]
    assert main(command) == exits.OK
    ((method, kind, body),) = hub.sent
    assert (method, kind) == ("PUT", "application/json")
    assert json.loads(body) == {
        "coefficients": {"gain": 1.1, "offset": -1.0}, "by": "anna", "reason": "bench", "expected": 3, "from_ms": None, "to_ms": None,
    }  # fmt: skip
    assert "probe of d1 has version 4" in capsys.readouterr().out


def test_a_file_of_coefficients_is_sent_as_it_is_and_the_expected_version_is_the_callers(hub, tmp_path):
    (tmp_path / "table.json").write_text('{"points": [[0, 0], [1, 2]]}')
    hub.answers["/api/devices/d1/calibrations/probe"] = (200, view(versions=[version(1)]))
    command = [
        "calibration",
        "set",
        "d1",
        "probe",
        "--coefficients",
        str(tmp_path / "table.json"),
        "--expected",
        "0",
        "--from",
        "2026-11-21T09:00Z",
    ]
    assert main([*command, "--by", "anna", "--reason", "bench"]) == exits.OK
    sent = json.loads(hub.sent[0][2])
    assert sent["coefficients"] == {"points": [[0, 0], [1, 2]]}
    assert (sent["expected"], sent["from_ms"]) == (0, 1_795_251_600_000)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["gain", "offset=1"], "is no coefficient"),
        (["gain=x"], "is no coefficient"),
        (["gain=inf"], "is no coefficient"),
        (["gain=1", "gain=2"], "is no coefficient"),
        (["absent.json"], "cannot be read"),
    ],
)
def test_what_are_no_coefficients_is_refused_before_anything_is_sent(hub, capsys, words, says):
    at(hub, view())
    assert (
        main(["calibration", "set", "d1", "probe", "--by", "anna", "--reason", "bench", "--coefficients", *words])
        == exits.WRONG_USE
    )
    assert says in capsys.readouterr().err
    assert hub.sent == []


def test_a_file_that_is_not_json_is_refused(hub, capsys, tmp_path):
    at(hub, view())
    (tmp_path / "broken.json").write_text("{")
    command = ["calibration", "set", "d1", "probe", "--coefficients", str(tmp_path / "broken.json"), "--by", "a", "--reason", "b"]
    assert main(command) == exits.WRONG_USE
    assert "is not JSON" in capsys.readouterr().err


def test_a_calibration_that_is_not_there_and_a_conflict_end_with_what_the_hub_says(hub, capsys):
    at(hub, view())
    words = ["--coefficients", "gain=1", "offset=0", "--by", "anna", "--reason", "bench"]
    assert main(["calibration", "set", "d1", "pressure", *words]) == exits.PROMISE_BROKEN
    assert "d1 has no calibration 'pressure': it has probe" in capsys.readouterr().err
    hub.answers["/api/devices/d1/calibrations/probe"] = (409, {"detail": "the newest is version 1.", "remedy": "Read it again."})
    assert main(["calibration", "set", "d1", "probe", *words]) == exits.WRONG_USE
    assert "the newest is version 1: Read it again" in capsys.readouterr().err


def test_a_factorys_file_is_sent_whole(hub, capsys, tmp_path):
    hub.answers["/api/calibrations"] = (200, {"lines": 2, "added": 1, "unchanged": 1})
    (tmp_path / "run.jsonl").write_bytes(b'{"device": "d1"}\n{"device": "d2"}\n')
    assert main(["calibration", "import", str(tmp_path / "run.jsonl"), "--by", "line 4", "--reason", "end of line"]) == exits.OK
    assert hub.sent == [("POST", "application/x-ndjson", b'{"device": "d1"}\n{"device": "d2"}\n')]
    assert hub.asked == [("/api/calibrations", {"by": "line 4", "reason": "end of line"})]
    assert capsys.readouterr().out == "2 lines: 1 versions added, 1 were there already\n"
