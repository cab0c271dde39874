"""The commands that ask a hub: what they print, what they ask for, and how each kind of refusal ends."""

import json
from pathlib import Path

import jsonschema_rs
import pytest
from inline_snapshot import snapshot

from seamline.cli import exits, main, parser

NOW = 1_763_715_600_000
BOOKS = {
    "numbered": 12_345, "stored": 12_300, "quarantined": 2, "declined": 0, "lost": 40, "owed": 3, "duplicates": 17, "owed_since_ms": NOW - 5_000, "balanced": True,
}  # fmt: skip


def row(name, presence, why, age_ms, answered_age_ms=1_000, **more):
    return {
        "id": name, "product": "heater", "contract": "heater/1.3.0", "firmware": "1.3.0", "presence": presence, "why": why, "since_ms": NOW - 600_000,
        "last_heard_ms": NOW, "age_ms": age_ms, "last_answered_ms": NOW, "answered_age_ms": answered_age_ms, "late_ms": None,
        "publish_every_ms": 5_000, "presumed_lost_after_ms": 15_000, **BOOKS, **more,
    }  # fmt: skip


FLEET = {
    "now_ms": NOW,
    "total": 3,
    "offset": 0,
    "rows": [
        row("heater-1", "online", "heard and answering", 1_200),
        row("heater-2", "deaf", "publishes but does not hear us", 800, 95_000),
        row(
            "heater-3",
            "never",
            "registered, never heard",
            None,
            None,
            contract=None,
            numbered=0,
            stored=0,
            lost=0,
            owed=0,
            owed_since_ms=None,
        ),
    ],
}


def test_devices_show_each_claim_with_its_reason_and_age_both_ways(hub, capsys):
    hub.answers["/api/fleet"] = (200, FLEET)
    assert main(["devices"]) == exits.OK
    assert capsys.readouterr().out == snapshot("""\
DEVICE    CONTRACT      PRESENCE  WHY                                  HEARD        ANSWERED  NUMBERED  STORED       OWED  LOST  QUARANTINED
heater-1  heater/1.3.0  ● online  heard and answering                1 s ago         1 s ago    12,345  12,300  3 for 5 s    40            2
heater-2  heater/1.3.0  ◐ deaf    publishes but does not hear us  800 ms ago  1 min 35 s ago    12,345  12,300  3 for 5 s    40            2
heater-3  –             · never   registered, never heard              never           never         0       0          0     0            2
3 devices
""")


def test_devices_pass_their_filters_on(hub, capsys):
    hub.answers["/api/fleet"] = (200, {"rows": [], "total": 0})
    arguments = ["--find", "heater 9/é", "--presence", "deaf", "--sort", "owed", "--reverse", "--limit", "7", "--offset", "14"]
    assert main(["devices", *arguments]) == exits.OK
    query = {"q": "heater 9/é", "presence": "deaf", "sort": "-owed", "limit": "7", "offset": "14"}
    assert hub.asked == [("/api/fleet", query)]
    assert capsys.readouterr().out == "no device matches\n"


def test_a_page_of_devices_says_how_much_there_is(hub, capsys):
    hub.answers["/api/fleet"] = (200, {**FLEET, "total": 10_000})
    main(["devices", "--offset", "20"])
    assert capsys.readouterr().out.endswith("21 to 23 of 10,000 devices (--limit, --offset)\n")


def test_json_is_the_hubs_answer_as_it_is(hub, capsys):
    hub.answers["/api/fleet"] = (200, FLEET)
    assert main(["devices", "--json"]) == exits.OK
    assert json.loads(capsys.readouterr().out) == FLEET


READINGS = {
    "message": "reading",
    "channel": 1,
    "fields": [
        {"name": "temperature", "type": "i16", "low": None, "high": None, "unit": "°C", "calibration": None, "enum": None, "inferred": []},
        {"name": "pressure", "type": "u16", "low": None, "high": None, "unit": "bar", "calibration": "poly2", "enum": None, "inferred": []},
        {"name": "mode", "type": "u8", "low": None, "high": None, "unit": None, "calibration": None, "enum": {"0": "off"}, "inferred": []},
    ],
    "rows": [
        {
            "incarnation": 1, "boot": 4, "seq": 118, "layout": 2, "uptime_ms": 9, "arrival_ms": NOW, "measured_ms": NOW - 1500,
            "error_ms": 12, "quality": "synced", "revision": 0, "values": {"temperature": 21.4, "pressure": 1.25, "mode": "off"},
            "raw": {"pressure": 3071}, "versions": {"poly2": 1}, "outside": ["pressure"],
        },
        {
            "incarnation": 1, "boot": 3, "seq": 99, "layout": 1, "uptime_ms": 9, "arrival_ms": NOW, "measured_ms": None,
            "error_ms": None, "quality": "bounded", "revision": 2, "values": {"temperature": -3.0, "pressure": None},
            "raw": {"pressure": 7}, "versions": {}, "outside": [],
        },
    ],
    "missing": [
        {
            "incarnation": 1, "boot": 4, "first": 100, "count": 18, "cls": "lost", "reason": "buffer_full", "from_ms": NOW - 90_000,
            "to_ms": NOW - 1500,
        }
    ],
    "truncated": True,
}  # fmt: skip


def test_readings_carry_the_quality_of_their_date_and_what_is_missing(hub, capsys):
    hub.answers["/api/devices/heater-1/readings"] = (200, READINGS)
    assert main(["readings", "heater-1"]) == exits.OK
    assert capsys.readouterr().out == snapshot("""\
MEASURED (UTC)              ± ERROR  DATE IS              BOOT  SEQ  temperature [°C]  pressure [bar]  mode
2025-11-21 08:59:58.500       12 ms  synced                  4  118              21.4           1.25!   off
before 2025-11-21 09:00:00  unknown  bounded, revised 2×     3   99                -3           raw 7     –
2 of message reading; the newest of more (--limit, --from, --to); – is a field that the record's layout lacks
! is outside the contract's range
raw is a count without a physical value: `seamline calibration show` says why

Missing among them
CLASS  RECORDS  BOOT  SEQ      BETWEEN (UTC)                              REASON
lost        18     4  100–117  2025-11-21 08:58:30 … 2025-11-21 08:59:58  buffer_full
""")


def test_readings_ask_for_a_window_in_unix_ms(hub):
    hub.answers["/api/devices/heater-1/readings"] = (200, READINGS)
    window = ["--from", "2026-11-21T09:00Z", "--to", "2026-11-21T10:00:00.5+02:00"]
    assert main(["readings", "heater-1", *window]) == exits.WRONG_USE
    window[-1] = "2026-11-21T10:00:00.5+00:00"
    assert main(["readings", "heater-1", "--message", "alarm", "--oldest", *window]) == exits.OK
    ((_, query),) = hub.asked
    assert query == {"message": "alarm", "from": "1795251600000", "to": "1795255200500", "limit": "20", "order": "asc"}


LEDGER = {
    "total": BOOKS,
    "lines": [
        {
            "incarnation": 0x9F3A0001, "boot": 4, "channel": 1, "message": "reading", "mark": 100, "high": 345, "upper": None,
            "gaps": [[100, 118], [130, 131], [140, 142], [150, 151]], "books": BOOKS, "first_arrival_ms": NOW, "last_arrival_ms": NOW,
        }
    ],
    "folds": [
        {
            "incarnation": 0x9F3A0001, "channel": 0, "message": None, "boots": 3, "boot_first": 1, "boot_last": 3,
            "books": {**BOOKS, "owed": 0},
        }
    ],
    "losses": [
        {
            "incarnation": 0x9F3A0001, "boot": 3, "channel": 1, "boots": 1, "first": 100, "count": 14, "reason": "buffer_full", "declared_ms": NOW,
        }
    ],
    "truncated": False,
}  # fmt: skip


def test_a_ledger_accounts_for_every_record(hub, capsys):
    hub.answers["/api/devices/heater-1/ledger"] = (200, LEDGER)
    assert main(["ledger", "heater-1"]) == exits.OK
    assert capsys.readouterr().out == snapshot("""\
heater-1: 12,345 numbered = 12,300 stored + 2 quarantined + 0 declined + 40 lost + 3 owed (since 2025-11-21 08:59:55 UTC), balanced

INCARNATION  BOOT  MESSAGE    NUMBERED  STORED  QUARANTINED  DECLINED  LOST  OWED  DUPLICATES  MARK  HIGH  MISSING BELOW HIGH                LAST ARRIVAL (UTC)
9f3a0001        4  reading      12,345  12,300            2         0    40     3          17   100   345  100–117, 130, 140–141 and 1 more  2025-11-21 09:00:00
9f3a0001      1–3  channel 0    12,345  12,300            2         0    40     0          17     –     –  closed                            –

Lost, and why
INCARNATION  BOOT  MESSAGE    FIRST  RECORDS OF EACH  REASON       DECLARED (UTC)
9f3a0001        3  channel 1    100               14  buffer_full  2025-11-21 09:00:00
""")


@pytest.mark.parametrize("extra", [[], ["--json"]])
def test_books_that_do_not_balance_are_a_broken_promise(extra, hub, capsys):
    hub.answers["/api/devices/heater-1/ledger"] = (200, {**LEDGER, "total": {**BOOKS, "balanced": False}})
    assert main(["ledger", "heater-1", *extra]) == exits.PROMISE_BROKEN
    assert extra or "NOT BALANCED" in capsys.readouterr().out


ITEM = {
    "id": 41, "device": "heater-1", "arrival_ms": NOW, "reason": "unknown_layout", "detail": "fingerprint 0badcafe", "channel": 1,
    "incarnation": 7, "boot": 4, "first": 10, "count": 5, "counted": True, "size_bytes": 40, "resolved_ms": None,
}  # fmt: skip
QUARANTINE = {
    "reasons": [{"reason": "unknown_layout", "frames": 3, "records": 15, "waiting": 2, "devices": 1, "last_ms": NOW}],
    "refused": [{"reason": "truncated", "count": 9, "devices": 2, "last_ms": NOW}],
    "items": [ITEM],
    "next": None,
}


def test_quarantine_says_what_was_set_aside_and_why(hub, capsys):
    hub.answers["/api/quarantine"] = (200, QUARANTINE)
    assert main(["quarantine", "--device", "heater-1"]) == exits.OK
    assert hub.asked == [("/api/quarantine", {"device": "heater-1", "limit": "20"})]
    assert capsys.readouterr().out == snapshot("""\

In quarantine, by reason (waiting: frames that may yet be decoded)
REASON          FRAMES  RECORDS  WAITING  DEVICES  LAST (UTC)
unknown_layout       3       15        2        1  2025-11-21 09:00:00

Refused: bytes that were no frames, counted and sampled
REASON     COUNT  DEVICES  LAST (UTC)
truncated      9        2  2025-11-21 09:00:00

Newest frames (1 shown)
NUMBER  DEVICE    ARRIVED (UTC)        REASON          CHANNEL  INCARNATION  BOOT  RECORDS  BYTES  STATE    DETAIL
    41  heater-1  2025-11-21 09:00:00  unknown_layout        1  00000007        4  10–14       40  waiting  fingerprint 0badcafe
""")


def test_an_empty_quarantine_says_so(hub, capsys):
    hub.answers["/api/quarantine"] = (200, {"reasons": [], "refused": [], "items": [], "next": None})
    assert main(["quarantine"]) == exits.OK
    assert capsys.readouterr().out == "nothing is in quarantine, and no bytes were refused\n"


PARTS = [
    {"name": "magic", "start": 0, "end": 1, "text": "0xA1: version 1", "ok": True},
    {"name": "fingerprint", "start": 4, "end": 8, "text": "0badcafe: not registered", "ok": False},
]
FRAME = {
    "hex": "a1" * 40,
    "size_bytes": 40,
    "truncated": False,
    "fault": "unknown layout",
    "parts": PARTS,
    "fields": [],
    "records": [],
}


def test_a_quarantined_frame_is_shown_taken_apart(hub, capsys):
    hub.answers["/api/quarantine/41"] = (200, {"item": ITEM, "frame": FRAME})
    assert main(["quarantine", "41"]) == exits.OK
    assert capsys.readouterr().out == snapshot("""\
number         41
device         heater-1
arrived (UTC)  2025-11-21 09:00:00
reason         unknown_layout
channel        1
incarnation    00000007
boot           4
records        10–14
bytes          40
state          waiting
detail         fingerprint 0badcafe
fault          unknown layout

The frame, part by part (! marks what is not as it should be)
BYTES  PART         SAYS
0      magic        0xA1: version 1
4–7    fingerprint  ! 0badcafe: not registered

Bytes (40)
     0  a1 a1 a1 a1 a1 a1 a1 a1 a1 a1 a1 a1 a1 a1 a1 a1 a1 a1 a1 a1 a1 a1 a1 a1 a1 a1 a1 a1 a1 a1 a1 a1
    32  a1 a1 a1 a1 a1 a1 a1 a1
""")


VIEW = {
    "now_ms": NOW, "row": FLEET["rows"][1], "state": "active", "epoch": 1, "incarnation": 0x9F3A0001, "boot": 4, "session": 2,
    "created_ms": NOW - 86_400_000, "born_ms": NOW - 200_000, "died_ms": None, "unanswered": 2, "last_end": "keep_alive",
    "failures": [["refused", 3], ["network", 1]], "answer_timeout_ms": 8_000, "messages": [],
    "boots": [
        {
            "incarnation": 0x9F3A0001, "boot": boot, "reset": "power_on", "firmware": "1.3.0", "contract": "heater/1.3.0",
            "first_heard_ms": NOW - 3_600_000, "last_heard_ms": NOW - 60_000,
        }
        for boot in (4, 3)
    ],
}  # fmt: skip
TWIN = [
    {
        "name": "target", "type": "i16", "unit": "°C", "low": 5.0, "high": 30.0, "step": 0.5, "enum": None, "conflict": "newest",
        "confirm_within_ms": 60_000, "state": "delivered_not_confirmed", "why": "seen, not reported yet", "since_ms": NOW - 65_000,
        "overdue": True,
        "desired": {
            "value": 22.5, "raw": 2250, "version": 3, "by": "ana", "asked_ms": NOW - 70_000, "expires_ms": None,
            "sent_ms": NOW - 69_000, "seen_ms": NOW - 65_000, "resolved_ms": None, "resolution": None,
        },
        "reported": {
            "value": 21, "raw": 2100, "version": 9, "based_on": 2, "fault": None, "boot": 4, "at_ms": 9, "received_ms": NOW - 5_000,
        },
    }
]  # fmt: skip
EVENT = {
    "id": 5, "at_ms": NOW, "kind": "deaf", "boundary": "radio", "owner": "Firmware", "contact": "fw@example.org", "detail": {},
    "title": "Deaf", "text": "2 questions unanswered.",
}  # fmt: skip


def test_a_device_is_shown_with_the_age_of_everything_said_about_it(hub, capsys):
    base = "/api/devices/heater-2"
    hub.answers = {
        base: (200, VIEW),
        f"{base}/ledger": (200, LEDGER),
        f"{base}/twin": (200, TWIN),
        f"{base}/events": (200, [EVENT]),
    }
    assert main(["device", "show", "heater-2"]) == exits.OK
    assert capsys.readouterr().out == snapshot("""\
heater-2
presence         ◐ deaf: publishes but does not hear us, for 10 min
we heard it      800 ms ago, expected every 5 s
it heard us      1 min 35 s ago, 2 of its questions unanswered since
contract         heater/1.3.0
firmware         1.3.0
identity         active, owner epoch 1, known since 2025-11-20 09:00:00
session          2 in boot 4 of incarnation 9f3a0001, began 3 min 20 s ago
before that      the session ended: keep_alive
connects failed  3 × refused, 1 × network
books            12,345 numbered = 12,300 stored + 2 quarantined + 0 declined + 40 lost + 3 owed (since 2025-11-21 08:59:55 UTC), balanced

Twin: what was asked, and what the device says
PROPERTY     STATE                             SINCE          DESIRED  ASKED BY  REPORTED  REPORTED WHEN  WHY
target [°C]  delivered not confirmed, overdue  1 min 5 s ago  22.5     ana       21        5 s ago        seen, not reported yet

Boots, newest first
INCARNATION  BOOT  RESET     FIRMWARE  CONTRACT      FIRST HEARD (UTC)    LAST HEARD
9f3a0001        4  power_on  1.3.0     heater/1.3.0  2025-11-21 08:00:00  1 min ago
9f3a0001        3  power_on  1.3.0     heater/1.3.0  2025-11-21 08:00:00  1 min ago

Last events, and whose boundary it was
WHEN (UTC)           WHAT  BOUNDARY  OWNER     CONTACT         TOLD
2025-11-21 09:00:00  Deaf  radio     Firmware  fw@example.org  2 questions unanswered.
""")
    assert main(["device", "show", "heater-2", "--json"]) == exits.OK
    assert json.loads(capsys.readouterr().out) == {"device": VIEW, "books": BOOKS, "twin": TWIN, "events": [EVENT]}


RECORDED = {
    "FleetPage": FLEET, "ReadingsView": READINGS, "LedgerView": LEDGER, "QuarantineView": QUARANTINE,
    "QuarantineDetail": {"item": ITEM, "frame": FRAME}, "DeviceView": VIEW, "TwinProperty": TWIN[0], "Event": EVENT,
}  # fmt: skip
OPENAPI = json.loads((Path(__file__).parents[3] / "frontend" / "openapi.json").read_text())


@pytest.mark.parametrize("name", RECORDED)
def test_the_recorded_answers_are_such_as_the_api_sends(name):
    components = OPENAPI["components"]
    jsonschema_rs.validate({"$ref": f"#/components/schemas/{name}", "components": components}, RECORDED[name])


def test_the_filters_and_orders_offered_are_the_apis():
    schemas = OPENAPI["components"]["schemas"]
    assert set(parser.PRESENCE) - {"offline"} == set(schemas["State"]["enum"])
    assert {*parser.SORTS, *(f"-{name}" for name in parser.SORTS)} == set(schemas["Sort"]["enum"])


@pytest.mark.parametrize("word", ["offline", "lost"])
def test_devices_that_are_offline_are_asked_for_by_the_word_of_the_tables_and_by_the_apis(word, hub):
    hub.answers["/api/fleet"] = (200, {"rows": [], "total": 0})
    assert main(["devices", "--presence", word]) == exits.OK
    assert hub.asked[-1][1]["presence"] == "lost"


@pytest.mark.parametrize("command", [["readings", "x"], ["ledger", "x"], ["device", "show", "x"]])
def test_what_is_not_there_is_one_line_and_exit_code_1(command, hub, capsys):
    assert main(command) == exits.PROMISE_BROKEN
    said = capsys.readouterr()
    assert said.err.count("\n") == 1
    assert "No '/api/devices/x" in said.err
    assert "Ask for another" in said.err
    assert said.out == ""


@pytest.mark.parametrize(
    ("status", "document", "code", "text"),
    [
        (
            503,
            {"title": "Database away", "detail": "The database is away.", "remedy": "Wait."},
            exits.UNREACHABLE,
            "database is away: Wait",
        ),
        (422, {"title": "Invalid request", "detail": "limit: too much"}, exits.WRONG_USE, "limit: too much"),
        (500, b"<html>", exits.UNREACHABLE, "HTTP status 500"),
        (200, b"<html>hello", exits.UNREACHABLE, "is no Seamline hub"),
    ],
)
def test_each_refusal_has_its_exit_code_and_one_line(status, document, code, text, hub, capsys):
    hub.answers["/api/fleet"] = (status, document)
    assert main(["devices"]) == code
    said = capsys.readouterr().err
    assert text in said
    assert said.count("\n") == 1


def test_a_hub_that_is_not_there_is_exit_code_4(hub, capsys):
    hub.close()
    assert main(["devices"]) == exits.UNREACHABLE
    assert f"no answer from the hub at {hub.url}" in capsys.readouterr().err


def test_the_hub_is_found_through_the_state_directory(hub, monkeypatch, tmp_path, capsys):
    monkeypatch.delenv("SEAMLINE_URL")
    assert main(["devices", "--state", str(tmp_path)]) == exits.UNREACHABLE
    assert "start one with `seamline up`" in capsys.readouterr().err
    (tmp_path / "run.json").write_text(json.dumps({"url": hub.url}))
    hub.answers["/api/fleet"] = (200, FLEET)
    assert main(["devices", "--state", str(tmp_path)]) == exits.OK
    (tmp_path / "run.json").write_text("{")
    assert main(["devices", "--state", str(tmp_path)]) == exits.UNREACHABLE


def test_a_name_from_a_device_cannot_steer_the_terminal(hub, capsys):
    hub.answers["/api/fleet"] = (200, {"rows": [row("a\x1b[2J", "online", "ok\nFAKE", 1)], "total": 1})
    main(["devices"])
    out = capsys.readouterr().out
    assert "\x1b" not in out
    assert out.count("\n") == 3


def test_an_answer_of_another_version_with_members_missing_is_still_shown(hub, capsys):
    hub.answers["/api/fleet"] = (200, {"rows": [{"id": "a"}, 7], "total": 2, "new": {}})
    assert main(["devices"]) == exits.OK
    assert "never" in capsys.readouterr().out
