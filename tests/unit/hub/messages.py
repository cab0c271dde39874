"""Control messages as a device sends them, for tests: `birth(boot=3)` is a Birth, `birth_members(boot=3)` its JSON members."""

import json

from seamline.hub.inputs import parse


def _head(**members):
    return {"incarnation": 7, "boot": 1, "session": 1, "uptime_ms": 1_000, "heard_ms": None} | members


def birth_members(**members):
    rest = {
        "contract": "heater/1.3.0",
        "firmware": "1.3.0",
        "image": None,
        "slot": None,
        "reset": "power_on",
        "epoch": 0,
        "last_end": None,
        "failures": [],
        "held": [],
        "ended": [],
    }
    return _head(**(rest | members))


def anchor_members(**members):
    rest = {"at_ms": 900, "unix_ms": 1_763_000_000_000, "source": "hub", "uncertainty_ms": 40}
    return _head(**(rest | members))


def probe_members(**members):
    return _head(**({"probe": 1, "unanswered": 0} | members))


def twin_members(**members):
    return _head(**({"seen": {}, "reported": {}} | members))


def death_members(**members):
    return _head(**members)


MEMBERS = {
    "birth": birth_members,
    "death": death_members,
    "anchor": anchor_members,
    "probe": probe_members,
    "twin": twin_members,
}


def said(kind, **members):
    return parse(kind, json.dumps(MEMBERS[kind](**members)).encode())


def birth(**members):
    return said("birth", **members)
