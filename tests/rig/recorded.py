"""What each device core of a world was told and what it asked for, and the same on another interpreter.

`Recorder` stands in for the core's class; `replay` builds a core from a record and does to it what was done. It runs on MicroPython
as well.
"""

import hashlib

from seamline.device import Core

CALLS = ("start", "record", "flush", "stop", "connected", "connect_failed", "disconnected", "receive", "clock", "report", "tick")
"""What changes a core. Its drained effects and its deadline are what comes of it."""


def note(trace, effects):
    """Effects into a hash."""
    for effect in effects:
        for part in effect:
            data = part if isinstance(part, bytes) else str(part).encode()
            trace.update(len(data).to_bytes(4, "little") + data)


def replay(record):
    """The hash of everything that a core asks for when it is told what the record says."""
    drawn = list(record["random"])
    stored = {key: bytes.fromhex(record["stored"][key]) for key in record["stored"]}
    core = Core(record["policy"], record["name"], lambda: drawn.pop(0), stored)
    trace = hashlib.sha256()
    for call, arguments in record["calls"]:
        if call == "effects":
            note(trace, core.effects())
        else:
            told = [bytes.fromhex(one[1:]) if isinstance(one, str) and one[:1] == "#" else one for one in arguments]
            getattr(core, call)(*told)
    trace.update(str(core.deadline()).encode())
    return trace.digest().hex()
