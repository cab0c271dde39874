"""A device behind lines on its standard input and output: `seamline rig run --core "exec:micropython firmware/rig/serve.py"`.

What the lines are is said in docs/rig.md. This is the example for a program of your own, in any language: it runs the device core with
the logic of thermostat.py around it, on MicroPython or CPython, with the folder of `seamline.device` where `import` finds it.
"""

import json
import sys
from binascii import hexlify, unhexlify

from thermostat import Thermostat

U64 = 0xFFFFFFFFFFFFFFFF


def random_of(seed):
    """A stream of 32-bit numbers: xorshift64* (Vigna, 2016)."""
    state = [seed or 1]

    def draw():
        x = state[0]
        x ^= x >> 12
        x ^= (x << 25) & U64
        x ^= x >> 27
        state[0] = x
        return ((x * 2685821657736338717) & U64) >> 32

    return draw


def bytes_of(word):
    """Bytes of a word; `-` is none."""
    return b"" if word == "-" else unhexlify(word)


def word_of(data):
    """A word of bytes."""
    return hexlify(data).decode() if data else "-"


def line_of(effect):
    """The line of an effect."""
    name = effect[0]
    if name in ("publish", "persist"):
        return f"{name} {effect[1]} {word_of(effect[2])}"
    if name == "connect":
        return f"connect {word_of(effect[1])}"
    if name == "apply":
        return f"apply {effect[1]} {effect[3]} {json.dumps(effect[2])}"
    return f"{name} {effect[1]}"


class Port:
    """One boot."""

    def __init__(self, make, say):
        """`make`: as the rig makes a core; `say` writes a line."""
        self._make = make
        self._say = say
        self._stored = {}
        self._core = None

    def told(self, line):
        """Do what a line asks for, and answer it."""
        word, _, rest = line.partition(" ")
        words = rest.split(" ")
        if word == "core":
            self._name, self._random = words[0], random_of(int(words[1]))
        elif word == "policy":
            self._policy = json.loads(rest)
        elif word == "stored":
            self._stored[words[0]] = bytes_of(words[1])
        else:
            self._called(word, words)

    def _called(self, word, words):
        if self._core is None:
            self._core = self._make(self._policy, self._name, self._random, self._stored)
        core, call = self._core, CALLS.get(word)
        answer = f"error no call is named {word}" if call is None else call(core, words)
        if answer is not None:
            self._say(answer)
        for effect in core.effects():
            self._say(line_of(effect))
        due_ms = core.deadline()
        self._say(f"done {'-' if due_ms is None else due_ms} {core.state} {core.incarnation} {core.boot}")


def reported(core, words):
    """`report MS SETTING BASED_ON JSON`."""
    based_on = None if words[2] == "-" else int(words[2])
    core.report(int(words[0]), words[1], json.loads(" ".join(words[3:])), based_on)


CALLS = {
    "start": lambda core, words: core.start(int(words[0]), words[1], words[2]),
    "record": lambda core, words: f"number {core.record(int(words[0]), int(words[1]), bytes_of(words[2]))}",
    "stop": lambda core, words: core.stop(int(words[0])),
    "connected": lambda core, words: core.connected(int(words[0])),
    "failed": lambda core, words: core.connect_failed(int(words[0]), words[1]),
    "lost": lambda core, words: core.disconnected(int(words[0]), words[1]),
    "receive": lambda core, words: core.receive(int(words[0]), words[1], bytes_of(words[2])),
    "clock": lambda core, words: core.clock(int(words[0]), int(words[1]), words[2], int(words[3])),
    "tick": lambda core, words: core.tick(int(words[0])),
    "report": reported,
    "books": lambda core, _words: f"books {json.dumps(core.books())}",
}


def main():
    """Serve one boot: until the rig takes the power away."""

    def say(line):
        sys.stdout.write(line + "\n")

    port = Port(Thermostat, say)
    while True:
        line = sys.stdin.readline()
        if not line:
            return
        port.told(line.rstrip("\n"))
        if hasattr(sys.stdout, "flush"):
            sys.stdout.flush()


if __name__ == "__main__":
    main()
