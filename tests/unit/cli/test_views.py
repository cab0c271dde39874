"""What the reading commands say where there is little, nothing or too much to say, and that --json changes nothing of it."""

import json

import pytest

from seamline.cli import exits, main
from seamline.cli.words import SIGNS, presence, value

NOW = 1_763_715_600_000
ASKED = {
    "devices": ("fleet", {"rows": [], "total": 0, "now_ms": NOW}),
    "readings a": ("devices/a/readings", {"rows": [], "message": "reading", "é": "ü"}),
    "ledger a": ("devices/a/ledger", {"total": {"balanced": True}, "lines": []}),
    "quarantine": ("quarantine", {"items": [{"id": 1}], "next": 1}),
    "quarantine 9": ("quarantine/9", {"item": {}, "frame": {}}),
}


@pytest.mark.parametrize("command", ASKED)
def test_json_is_the_answer_whole_and_nothing_else(command, hub, capsys):
    path, document = ASKED[command]
    hub.answers[f"/api/{path}"] = (200, document)
    assert main([*command.split(), "--json"]) == exits.OK
    said = capsys.readouterr()
    assert json.loads(said.out) == document
    assert said.err == ""


@pytest.mark.parametrize("command", ASKED)
def test_an_answer_without_any_member_is_said_without_a_fault(command, hub, capsys):
    hub.answers[f"/api/{ASKED[command][0]}"] = (200, {})
    assert main(command.split()) == exits.OK
    assert capsys.readouterr().out.strip()


@pytest.mark.parametrize("kind", [None, 7, "x", True, [], [None], [[1]], {}, {"x": 1}])
@pytest.mark.parametrize("command", [*ASKED, "device show a"])
def test_members_of_another_kind_are_shown_as_missing(command, kind, hub, capsys):
    names = (
        "rows", "total", "offset", "now_ms", "fields", "missing", "message", "truncated", "lines", "folds", "losses", "reasons", "refused",
        "items", "item", "frame", "row", "session", "boots", "failures", "hex", "parts", "size_bytes",
    )  # fmt: skip
    odd = dict.fromkeys(names, kind)
    for path in (*(path for path, _ in ASKED.values()), "devices/a"):
        hub.answers[f"/api/{path}"] = (200, {**odd, "item": odd, "frame": odd, "row": odd, "rows": [odd], "boots": [odd]})
    for path in ("twin", "events"):
        hub.answers[f"/api/devices/a/{path}"] = (200, [odd, kind])
    assert main(command.split()) in {exits.OK, exits.PROMISE_BROKEN}
    assert "Traceback" not in capsys.readouterr().err


def test_a_device_that_never_spoke_is_shown_with_what_is_known(hub, capsys):
    hub.answers = {
        "/api/devices/a": (200, {"row": {"presence": "never", "why": "registered, never heard"}, "state": "active", "epoch": 1}),
        "/api/devices/a/ledger": (200, {"total": {}}),
        "/api/devices/a/twin": (200, []),
        "/api/devices/a/events": (200, []),
    }
    assert main(["device", "show", "a"]) == exits.OK
    out = capsys.readouterr().out
    assert "we heard it  never\n" in out
    assert "it heard us  never\n" in out
    assert "contract     unknown\n" in out
    assert "session      none yet\n" in out
    assert "Twin" not in out
    assert "Boots" not in out
    assert "Last events" not in out


def test_only_the_newest_boots_are_shown_and_the_rest_counted(hub, capsys):
    boots = [{"incarnation": 1, "boot": number} for number in range(9, 0, -1)]
    hub.answers = {
        "/api/devices/a": (200, {"row": {}, "boots": boots, "now_ms": NOW}),
        "/api/devices/a/ledger": (200, {}),
        "/api/devices/a/twin": (200, []),
        "/api/devices/a/events": (200, []),
    }
    main(["device", "show", "a"])
    out = capsys.readouterr().out
    assert "Boots, newest first (5 of 9)" in out
    shown = [line.split()[1] for line in out.splitlines() if line.startswith("00000001")]
    assert shown == ["9", "8", "7", "6", "5"]


def test_an_empty_window_names_the_message_asked_for(hub, capsys):
    hub.answers["/api/devices/a/readings"] = (200, {"rows": [], "message": "alarm"})
    assert main(["readings", "a", "--message", "alarm"]) == exits.OK
    assert capsys.readouterr().out == "a has no alarm in this window\n"


def test_the_oldest_of_more_is_said_to_be_that(hub, capsys):
    document = {"rows": [{"boot": 1, "seq": 1, "measured_ms": NOW, "quality": "synced"}], "message": "m", "truncated": True}
    hub.answers["/api/devices/a/readings"] = (200, document)
    main(["readings", "a", "--oldest"])
    out = capsys.readouterr().out
    assert "1 of message m; the oldest of more (--limit, --from, --to)" in out
    assert "unknown  synced" in out, "a date without a bound has an unknown error, not none"


def test_a_ledger_that_is_cut_says_so_and_a_line_without_gaps_says_none(hub, capsys):
    line = {"incarnation": 1, "boot": 1, "channel": 3, "books": {}, "gaps": [], "mark": 5, "high": 5}
    hub.answers["/api/devices/a/ledger"] = (200, {"total": {}, "lines": [line], "truncated": True})
    assert main(["ledger", "a"]) == exits.OK
    out = capsys.readouterr().out
    assert "more open lines exist than are shown here; the total is over all of them" in out
    assert "channel 3" in out
    assert "none" in out


def test_a_quarantined_frame_without_parts_shows_its_bytes_to_the_last(hub, capsys):
    item = {"id": 3, "device": "a", "resolved_ms": NOW, "first": None}
    frame = {"hex": "00ff" * 20, "size_bytes": 99, "truncated": True}
    hub.answers["/api/quarantine/3"] = (200, {"item": item, "frame": frame})
    assert main(["quarantine", "3"]) == exits.OK
    out = capsys.readouterr().out
    assert "fault          none found in the bytes themselves" in out
    assert "state          resolved 2025-11-21 09:00:00" in out
    assert "    32  00 ff 00 ff 00 ff 00 ff\n(the rest is cut here)\n" in out
    assert "part by part" not in out


@pytest.mark.parametrize("claim", [*SIGNS, None, "levitating"])
def test_every_claim_is_told_by_a_sign_and_a_word_not_by_colour_alone(claim):
    sign, word = presence(claim).split(" ", 1)
    assert len(sign) == 1
    assert word == {"lost": "offline"}.get(claim, claim or "never").replace("_", " ")
    assert len({presence(each).split(" ")[0] for each in SIGNS}) == len(SIGNS)


@pytest.mark.parametrize(
    ("given", "said"),
    [(None, "–"), (True, "true"), (False, "false"), (0.1 + 0.2, "0.3"), (7, "7"), (1e300, "1e+300"), ("off", "off")],
)
def test_a_value_is_said_without_noise(given, said):
    assert value(given) == said


def test_colour_is_for_terminals_that_want_it(hub, monkeypatch, capsys):
    hub.answers["/api/fleet"] = (200, {"rows": [{"id": "a", "presence": "lost"}], "total": 1})
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    main(["devices"])
    assert "\x1b[31m" in capsys.readouterr().out
    monkeypatch.setenv("NO_COLOR", "1")
    main(["devices"])
    assert "\x1b" not in capsys.readouterr().out


def test_a_terminal_without_the_signs_gets_the_nearest_ascii(hub, monkeypatch, tmp_path):
    hub.answers["/api/fleet"] = (200, {"rows": [{"id": "é", "presence": "online", "why": "…"}], "total": 1})
    with (tmp_path / "out").open("w", encoding="ascii") as out:
        monkeypatch.setattr("sys.stdout", out)
        assert main(["devices"]) == exits.OK
    shown = (tmp_path / "out").read_text("ascii")
    assert "* online" in shown
    assert "~" in shown
