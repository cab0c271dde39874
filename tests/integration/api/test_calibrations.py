"""Coefficients over HTTP: with their versions and audit, refused where they cannot be meant, imported whole or not at all."""

import json

import psycopg
import pytest

from seamline.testing.fleet_rows import name

DEVICE = name(2)
NTC = {"a": 1.009249522e-3, "b": 2.378405444e-4, "c": 2.019202697e-7}
LINE = {"c0": -40.0, "c1": 0.05, "c2": 0.0, "c3": 0.0}
ROOM = f"/devices/{DEVICE}/calibrations/room_ntc"
FACTORY = {"by": "line 4", "reason": "end of line"}


def asked(coefficients, expected=0, **more):
    return {"coefficients": coefficients, "by": "anna", "reason": "bench", "expected": expected, **more}


def lines(*devices, **more):
    given = [{"device": one, "product": "heater", "calibration": "room_ntc", "coefficients": NTC, **more} for one in devices]
    return "\n".join(json.dumps(one) for one in given)


def sent(api, content):
    return api.post("/calibrations", params=FACTORY, content=content, headers={"Content-Type": "application/x-ndjson"})


def test_a_device_without_coefficients_tells_what_it_would_take(api):
    room, element = api.get(f"/devices/{DEVICE}/calibrations").json()
    assert (room["name"], room["kind"], room["unit"], room["fields"]) == ("room_ntc", "steinhart_hart", "Cel", ["reading.room"])
    assert (room["takes"], room["in_force"], room["versions"], room["revaluations"]) == (["a", "b", "c"], None, [], [])
    assert (element["takes"], element["unit"]) == (["c0", "c1", "c2", "c3"], "Cel")


def test_new_coefficients_are_a_version_more_and_ask_for_history_to_be_revalued(api):
    first = api.put(ROOM, json=asked(NTC)).json()
    assert (first["in_force"], first["versions"][0]["coefficients"]) == (1, NTC)
    second = api.put(ROOM, json=asked(NTC | {"a": 1.1e-3}, 1)).json()
    assert [one["version"] for one in second["versions"]] == [2, 1]
    assert second["in_force"] == 2
    passes = second["revaluations"]
    assert [(one["from_version"], one["to_version"], one["by"], one["finished_ms"]) for one in passes] == [
        (1, 2, "anna", None),
        (None, 1, "anna", None),
    ]


def test_who_has_not_seen_the_newest_version_is_told_and_changes_nothing(api):
    api.put(ROOM, json=asked(NTC))
    answer = api.put(ROOM, json=asked(NTC | {"a": 2e-3}))
    assert answer.status_code == 409
    assert "the newest is version 1, by anna; none was expected" in answer.json()["detail"]
    assert api.put(ROOM, json=asked(NTC)).status_code == 200, "the same once more is no conflict"
    assert len(api.get(f"/devices/{DEVICE}/calibrations").json()[0]["versions"]) == 1


@pytest.mark.parametrize(
    ("coefficients", "more", "says"),
    [
        ({"a": 1.0}, {}, "missing b, c; its coefficients are a, b, c"),
        (NTC | {"d": 1.0}, {}, "unknown d"),
        (NTC | {"a": [[0, 1], [1, 2]]}, {}, "not a finite number"),
        (NTC, {"from_ms": 10, "to_ms": 10}, "they would hold for no moment"),
    ],
)
def test_coefficients_that_are_not_the_calibrations_are_refused_with_what_is_wrong(api, coefficients, more, says):
    answer = api.put(ROOM, json=asked(coefficients, **more))
    assert (answer.status_code, answer.json()["title"]) == (422, "Coefficients refused")
    assert says in answer.json()["detail"]
    assert answer.json()["remedy"] == "'room_ntc' takes a, b, c."


def test_a_calibration_that_the_product_does_not_have_is_not_found(api):
    answer = api.put(f"/devices/{DEVICE}/calibrations/pressure", json=asked(NTC))
    assert answer.status_code == 404
    assert "It has: room_ntc, element_ntc." in answer.json()["remedy"]


def test_bounds_say_which_version_is_in_force_now(api, served):
    now_ms = served.clock()
    api.put(ROOM, json=asked(NTC))
    api.put(ROOM, json=asked(NTC | {"a": 1.1e-3}, 1, to_ms=now_ms - 1))
    view = api.put(ROOM, json=asked(NTC | {"a": 1.2e-3}, 2, from_ms=now_ms + 60_000)).json()
    assert view["in_force"] == 1
    served.clock.ahead_ms = 120_000
    assert api.get(f"/devices/{DEVICE}/calibrations").json()[0]["in_force"] == 3


def test_readings_show_value_count_version_and_what_is_out_of_range(api, database):
    api.put(f"/devices/{DEVICE}/calibrations/element_ntc", json=asked(LINE))
    with psycopg.connect(database.dsn, autocommit=True) as connection:
        connection.execute(
            "UPDATE r_heater_reading SET _physical_element = CASE WHEN seq = 0 THEN 300.5 WHEN seq = 1 THEN 25.5 END,"
            " _version_element_ntc = CASE WHEN seq < 3 THEN 1 END"
        )
    view = api.get(f"/devices/{DEVICE}/readings", params={"limit": 5000, "order": "asc"}).json()
    hot, fine, none, unvalued = view["rows"][:4]
    assert [row["values"]["element"] for row in (hot, fine, none, unvalued)] == [300.5, 25.5, None, None]
    assert [row["outside"] for row in (hot, fine, none)] == [["element"], [], []]
    assert [row["versions"] for row in (hot, none, unvalued)] == [{"element_ntc": 1}, {"element_ntc": 1}, {}]
    assert all(row["raw"]["element"] > 0 for row in view["rows"])
    element = next(field for field in view["fields"] if field["name"] == "element")
    assert (element["unit"], element["low"], element["high"], element["calibration"]) == ("Cel", -20, 250, "element_ntc")


def test_the_factory_imports_devices_that_were_never_heard_and_may_do_it_again(api):
    content = lines("heater-90001", "heater-90002") + "\n\n"
    assert sent(api, content).json() == {"lines": 2, "added": 2, "unchanged": 0}
    assert sent(api, content).json() == {"lines": 2, "added": 0, "unchanged": 2}
    view = api.get("/devices/heater-90001").json()
    assert (view["row"]["presence"], view["row"]["product"]) == ("never", "heater")
    (version,) = api.get("/devices/heater-90001/calibrations").json()[0]["versions"]
    assert (version["by"], version["reason"], version["coefficients"]) == ("line 4", "end of line", NTC)


@pytest.mark.parametrize(
    ("second", "status", "says"),
    [
        ("{", 422, "line 2: Invalid JSON"),
        (
            lines("heater-90002", calibration="pressure"),
            422,
            "line 2: no registered layout of 'heater' has a calibration 'pressure'",
        ),
        (lines("heater-90002", coefficients={"a": 1}), 422, "line 2: calibration 'room_ntc' (steinhart_hart): missing b, c"),
        (lines("heater-90001"), 422, "line 2: 'room_ntc' of 'heater-90001' stands in line 1 already"),
        (lines("heater-90002", by="x\u0000"), 422, "line 2: by"),
        (
            lines("heater-90002", expected=3),
            409,
            "line 2: 'room_ntc' of 'heater-90002': there is none yet; version 3 was expected",
        ),
    ],
)
def test_an_import_with_a_wrong_line_names_it_and_takes_nothing(api, second, status, says):
    answer = sent(api, lines("heater-90001") + "\n" + second)
    assert answer.status_code == status
    assert says in answer.json()["detail"]
    apart = sent(api, lines("heater-90001") + "\n\n \n" + second)
    assert says.replace("line 2", "line 4") in apart.json()["detail"]
    assert api.get("/devices/heater-90001").status_code == 404


def test_an_import_may_be_only_so_long(api):
    answer = sent(api, b"\n".join([b"{}"] * 20_001))
    assert (answer.status_code, answer.json()["title"]) == (413, "Import too large")
    assert sent(api, b" " * (16 * 1024 * 1024 + 1)).status_code == 413
