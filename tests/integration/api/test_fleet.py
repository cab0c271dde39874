"""The fleet by rows, by columns and in sum says what the rows say."""

import psycopg
import pytest

from seamline.hub.presence import State
from seamline.testing import fleet_rows


def test_the_summary_counts_every_device_once_and_its_books_balance(api):
    summary = api.get("/summary").json()
    books = summary["books"]
    assert summary["devices"] == 300
    assert sum(summary["by_presence"].values()) == 300
    assert set(summary["by_presence"]) == {state.value for state in State}
    classed = sum(books[name] for name in ("stored", "quarantined", "declined", "lost", "owed"))
    assert books["numbered"] == classed
    assert books["balanced"]
    assert books["owed_since_ms"] <= summary["now_ms"]


def test_columns_and_rows_tell_the_same(api):
    columns = api.get("/fleet/columns").json()
    page = api.get("/fleet", params={"limit": 1000, "sort": "id"}).json()
    assert page["total"] == len(columns["id"]) == 300
    rows = {row["id"]: row for row in page["rows"]}
    plain = [name for name, values in columns.items() if isinstance(values, list)]
    coded = [name for name, values in columns.items() if isinstance(values, dict)]
    for place, device in enumerate(columns["id"]):
        row = rows[device]
        assert {name: columns[name][place] for name in plain} == {name: row[name] for name in plain}
        for name in coded:
            index = columns[name]["index"][place]
            assert row[name] == (None if index < 0 else columns[name]["values"][index])


def test_each_presence_has_its_reason_and_ages_in_both_directions(api, fleet):
    reasons = {
        State.ONLINE: "heard, and it hears us",
        State.SILENT: "a publish is overdue",
        State.DEAF: "3 questions unanswered",
        State.LOST: "its connection ended",
        State.PRESUMED_LOST: "no word for 3 publishes, and its connection was not seen to end",
        State.NEVER: "never heard",
    }
    for state, device in fleet.examples.items():
        row = api.get("/fleet", params={"q": device}).json()["rows"][0]
        assert (row["presence"], row["why"]) == (state.value, reasons[state])
        if state is State.NEVER:
            assert (row["age_ms"], row["answered_age_ms"]) == (None, None)
        else:
            assert row["age_ms"] >= 0
            assert row["answered_age_ms"] >= row["age_ms"]


@pytest.mark.parametrize("sort", ["id", "-id", "age", "owed", "-owed", "lost", "-lost", "contract", "presence"])
def test_pages_of_a_sorted_fleet_hold_every_device_once(api, sort):
    seen = []
    for offset in range(0, 300, 70):
        page = api.get("/fleet", params={"sort": sort, "offset": offset, "limit": 70}).json()
        seen += [row["id"] for row in page["rows"]]
    assert sorted(seen) == sorted({*seen})
    assert len(seen) == 300


def test_filters_narrow_by_text_presence_and_contract_together(api):
    found = api.get("/fleet", params={"q": "HEATER-0001", "presence": ["online", "silent"], "contract": "heater/1.3.0"})
    rows = found.json()["rows"]
    assert rows
    for row in rows:
        assert row["id"].startswith("heater-0001")
        assert row["presence"] in {"online", "silent"}
        assert row["contract"] == "heater/1.3.0"


def test_time_alone_turns_online_into_silent_and_then_into_presumed_lost(api, served, fleet):
    device = fleet.examples[State.ONLINE]

    def presence():
        return api.get("/fleet", params={"q": device}).json()["rows"][0]["presence"]

    assert presence() == "online"
    served.clock.ahead_ms = fleet_rows.PUBLISH_MS + fleet_rows.ANSWER_MS + 1_000
    assert presence() == "silent"
    served.clock.ahead_ms = fleet_rows.PRESUMED_LOST_MS + 1_000
    assert presence() == "presumed_lost"


def test_a_device_that_joins_is_listed_at_the_next_look(api, served, database):
    assert api.get("/fleet").json()["total"] == 300
    with psycopg.connect(database.dsn, autocommit=True) as connection:
        connection.execute("INSERT INTO device (id) VALUES ('newcomer')")
    served.clock.ahead_ms += 2_000
    row = api.get("/fleet", params={"q": "newcomer"}).json()["rows"][0]
    assert (row["presence"], row["contract"], row["numbered"]) == ("never", None, 0)


def test_an_empty_fleet_is_an_empty_fleet_and_no_error(api, served, database):
    fleet_rows.clear(database.dsn)
    served.clock.ahead_ms += 120_000
    assert api.get("/fleet").json()["rows"] == []
    assert api.get("/summary").json()["books"]["numbered"] == 0
    assert api.get("/fleet/columns").json()["id"] == []
