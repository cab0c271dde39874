"""One device: presence, books, readings with their gaps, twin, frames, events, quarantine."""

import psycopg
import pytest

from seamline.hub.api.context import RawFrame
from seamline.testing import device_story
from seamline.testing.fleet_rows import INCARNATION, READING_MS, name, number_of

DEVICE = name(2)


def test_a_device_tells_its_identity_session_and_boots(api):
    view = api.get(f"/devices/{DEVICE}").json()
    assert (view["row"]["id"], view["row"]["presence"], view["state"]) == (DEVICE, "online", "active")
    assert view["messages"] == [
        {"name": "reading", "channel": 1, "layouts": [2, 3]},
        {"name": "vitals", "channel": 2, "layouts": [1]},
    ]
    assert [boot["boot"] for boot in view["boots"]] == [1, 12]


def test_a_ledger_sums_lines_and_folds_and_names_what_is_missing(api):
    view = api.get(f"/devices/{DEVICE}/ledger").json()
    reading, vitals = view["lines"]
    assert (reading["message"], vitals["message"]) == ("reading", "vitals")
    assert reading["gaps"] == [[device_story.OWED.start, device_story.OWED.stop]]
    assert reading["books"]["owed"] == len(device_story.OWED) + device_story.TAIL
    assert all(line["books"]["balanced"] for line in view["lines"])
    assert view["total"]["numbered"] == 366 + 4 + 4000
    assert view["folds"][0]["boots"] == 12
    assert view["losses"][0]["reason"] == "buffer_full"


def test_readings_carry_date_error_quality_and_exact_values(api):
    view = api.get(f"/devices/{DEVICE}/readings", params={"limit": 5000, "order": "asc"}).json()
    assert len(view["rows"]) == 360 - 24 - 12 - 6
    first, last = view["rows"][0], view["rows"][-1]
    assert (first["quality"], first["error_ms"], last["quality"]) == ("bounded", 45_000, "synced")
    assert last["measured_ms"] - first["measured_ms"] == 359 * READING_MS
    assert last["values"]["set_point"] == 21.5
    assert last["values"]["mode"] in {"off", "heating", "holding"}
    units = {field["name"]: (field["unit"], field["calibration"]) for field in view["fields"]}
    assert units["power"] == ("W", None)
    assert units["room"] == ("Cel", "room_ntc")
    assert last["values"]["room"] is None, "a count is not shown as degrees"
    assert (type(last["raw"]["room"]), last["versions"]) == (int, {})


def test_missing_sequences_are_told_by_class_between_their_neighbours(api):
    view = api.get(f"/devices/{DEVICE}/readings", params={"limit": 5000}).json()
    dates = {row["seq"]: row["measured_ms"] for row in view["rows"]}
    found = {(item["cls"], item["first"]): item for item in view["missing"]}
    assert {key: item["count"] for key, item in found.items()} == {
        ("lost", 80): 24,
        ("owed", 190): 12,
        ("quarantined", 300): 6,
        ("owed", 360): 6,
    }
    lost, tail = found["lost", 80], found["owed", 360]
    assert (lost["from_ms"], lost["to_ms"], lost["reason"]) == (dates[79], dates[104], "buffer_full")
    assert (tail["from_ms"], tail["to_ms"]) == (dates[359], None)


def test_a_window_of_time_and_a_limit_hold(api):
    every = api.get(f"/devices/{DEVICE}/readings", params={"limit": 5000, "order": "asc"}).json()["rows"]
    begin, end = every[10]["measured_ms"], every[20]["measured_ms"]
    window = api.get(f"/devices/{DEVICE}/readings", params={"from": begin, "to": end, "order": "asc"}).json()
    assert [row["seq"] for row in window["rows"]] == [row["seq"] for row in every[10:20]]
    newest = api.get(f"/devices/{DEVICE}/readings", params={"limit": 3}).json()
    assert [row["seq"] for row in newest["rows"]] == [359, 358, 357]
    assert newest["truncated"]


def test_a_late_anchor_moves_readings_and_raises_their_revision(api, database):
    window = {"limit": 5000, "order": "asc"}
    before = api.get(f"/devices/{DEVICE}/readings", params=window).json()["rows"][0]
    with psycopg.connect(database.dsn, autocommit=True) as connection:
        connection.execute(
            "UPDATE r_heater_reading SET measured = measured - interval '30 s', error_ms = 70, quality = 1, revision = 1"
            " WHERE device_no = %s AND quality = 0",
            (number_of(connection, DEVICE),),
        )
    after = api.get(f"/devices/{DEVICE}/readings", params=window).json()["rows"][0]
    assert after["seq"] == before["seq"]
    assert after["measured_ms"] == before["measured_ms"] - 30_000
    assert (after["quality"], after["revision"]) == ("anchored", 1)


def test_an_undated_reading_is_listed_by_its_arrival(api, database):
    with psycopg.connect(database.dsn, autocommit=True) as connection:
        connection.execute(
            "UPDATE r_heater_reading SET measured = NULL, error_ms = NULL, quality = 0 WHERE device_no = %s AND seq = 359",
            (number_of(connection, DEVICE),),
        )
    newest = api.get(f"/devices/{DEVICE}/readings", params={"limit": 1}).json()["rows"][0]
    assert (newest["seq"], newest["measured_ms"], newest["error_ms"]) == (359, None, None)


def test_an_older_layouts_missing_field_is_absent_not_zero(api, database):
    with psycopg.connect(database.dsn, autocommit=True) as connection:
        connection.execute(
            "UPDATE r_heater_reading SET layout = 2, set_point = NULL WHERE device_no = %s AND seq = 359",
            (number_of(connection, DEVICE),),
        )
    newest = api.get(f"/devices/{DEVICE}/readings", params={"limit": 1}).json()["rows"][0]
    assert "set_point" not in newest["values"]
    assert "room" in newest["values"]


def test_anchors_and_events_come_newest_first_with_reasons_and_owners(api):
    anchors = api.get(f"/devices/{DEVICE}/anchors").json()
    assert [anchor["accepted"] for anchor in anchors] == [False, True]
    assert anchors[0]["why"]
    events = api.get(f"/devices/{DEVICE}/events", params={"limit": 2}).json()
    assert [event["kind"] for event in events] == ["loss", "gap"]
    assert events[0]["title"] == "Records lost"
    assert events[0]["text"] == "24 records of channel 1 lost: buffer full."
    assert events[0]["owner"] == "firmware"
    rest = api.get(f"/devices/{DEVICE}/events", params={"before": events[-1]["id"]}).json()
    assert [event["kind"] for event in rest] == ["online"]


def test_asking_for_a_change_puts_a_wish_in_the_twin_and_tells_the_downlink(api, served):
    asked = api.put(f"/devices/{DEVICE}/twin/set_point", json={"value": 19.5, "by": "tester"})
    assert asked.status_code == 200
    found = {item["name"]: item for item in api.get(f"/devices/{DEVICE}/twin").json()}["set_point"]
    assert asked.json() == found
    assert found["state"] == "asked, not delivered"
    wish = found["desired"]
    assert (wish["value"], wish["raw"], wish["version"], wish["by"]) == (19.5, 1950, 5, "tester")
    assert (found["reported"]["value"], found["unit"]) == (21.5, "Cel")
    assert served.asked == [DEVICE]


@pytest.mark.parametrize(
    ("prop", "value", "status", "says"),
    [
        ("set_point", 40, 422, "5 to 30"),
        ("set_point", 20.005, 422, "steps of 0.01"),
        ("set_point", True, 422, "number"),
        ("set_point", "warm", 422, "number"),
        ("set_point", "NaN", 422, "steps"),
        ("child_lock", 1, 422, "true or false"),
        ("colour", 1, 404, "no twin property"),
    ],
)
def test_a_wish_the_contract_does_not_allow_is_refused_with_what_it_allows(api, served, prop, value, status, says):
    before = api.get(f"/devices/{DEVICE}/twin").json()
    refused = api.put(f"/devices/{DEVICE}/twin/{prop}", json={"value": value, "by": "tester"})
    assert refused.status_code == status
    assert refused.headers["content-type"] == "application/problem+json"
    assert says in refused.json()["detail"]
    assert api.get(f"/devices/{DEVICE}/twin").json() == before
    assert served.asked == []


def test_a_banned_device_is_not_asked(api, database):
    with psycopg.connect(database.dsn, autocommit=True) as connection:
        connection.execute("UPDATE device SET state = 'banned' WHERE id = %s", (DEVICE,))
    refused = api.put(f"/devices/{DEVICE}/twin/child_lock", json={"value": True, "by": "tester"})
    assert refused.status_code == 409


def test_raw_frames_are_taken_apart_byte_by_byte(api, served, family):
    payload = device_story.heater_frame(family, 12, uptime_ms=5_000)
    served.frames.frames.append(RawFrame(7, 1_000, "data", payload))
    (frame,) = api.get(f"/devices/{DEVICE}/frames").json()
    assert bytes.fromhex(frame["hex"]) == payload
    assert (frame["fault"], frame["stream_seq"], len(frame["records"])) == (None, 7, 6)
    covered = [place for part in frame["parts"] for place in range(part["start"], part["end"])]
    assert covered == list(range(len(payload))), "every byte belongs to exactly one part"
    assert frame["records"][0] == {
        "seq": 12,
        "uptime_ms": 5_000,
        "values": {"room": None, "element": None, "power": 900, "mode": "heating", "set_point": 21.5},
        "raw": {"room": 2_100, "element": 2_900},
        "versions": {},
    }


def test_frames_say_that_the_broker_is_away(api, served):
    served.frames.away = True
    answer = api.get(f"/devices/{DEVICE}/frames")
    assert (answer.status_code, answer.json()["title"]) == (503, "Broker away")


def test_quarantine_counts_reasons_and_keeps_the_bytes(api):
    view = api.get("/quarantine").json()
    assert {row["reason"]: (row["frames"], row["records"]) for row in view["reasons"]} == {
        "unregistered": (1, 6),
        "conflict": (1, 0),
        "malformed": (1, 0),
    }
    assert view["refused"][0]["count"] == 12
    only = api.get("/quarantine", params={"reason": "unregistered"}).json()["items"]
    detail = api.get(f"/quarantine/{only[0]['id']}").json()
    assert detail["item"]["device"] == DEVICE
    assert "0badcafe" in detail["frame"]["fault"]
    assert {part["name"]: part["ok"] for part in detail["frame"]["parts"]}["fingerprint"] is False


def test_quarantine_pages_backwards(api):
    first = api.get("/quarantine", params={"limit": 2}).json()
    rest = api.get("/quarantine", params={"limit": 2, "before": first["next"]}).json()
    assert len(first["items"]) + len(rest["items"]) == 3
    assert rest["next"] is None


def test_incarnations_are_told_whole(api):
    line = api.get(f"/devices/{DEVICE}/ledger").json()["lines"][0]
    assert line["incarnation"] == INCARNATION


def test_a_total_counts_the_lines_that_are_not_listed(api, database):
    before = api.get(f"/devices/{DEVICE}/ledger").json()
    many = 1_200
    with psycopg.connect(database.dsn, autocommit=True) as connection:
        connection.execute(
            "INSERT INTO ledger (device_no, incarnation, boot, channel, mark, high, stored, lost)"
            " SELECT %s, 77, boot, 1, 10, 12, 9, 1 FROM generate_series(1, %s) AS boot",
            (number_of(connection, DEVICE), many),
        )
    view = api.get(f"/devices/{DEVICE}/ledger").json()
    assert view["truncated"]
    assert len(view["lines"]) < many
    gained = {name: view["total"][name] - before["total"][name] for name in ("numbered", "stored", "lost", "owed")}
    assert gained == {"numbered": 12 * many, "stored": 9 * many, "lost": many, "owed": 2 * many}
    assert view["total"]["balanced"]
