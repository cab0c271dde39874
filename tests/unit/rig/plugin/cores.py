"""Cores that somebody could write, and should not."""

import time

from seamline.device import Core


class RaisesOnWishes(Core):
    def receive(self, now_ms, kind, payload):
        if kind == "session":
            raise ValueError(f"no such mode, says {object()!r}")
        super().receive(now_ms, kind, payload)


class NeverReturns(Core):
    def tick(self, now_ms):
        while True:
            try:
                now_ms += 1
            except Exception:  # noqa: BLE001 - what careless firmware does
                continue


class WaitsForEver(Core):
    def tick(self, _now_ms):
        time.sleep(3_600)


class Exits(Core):
    def connected(self, _now_ms):
        raise SystemExit(3)


class Counts(Core):
    """Gives the same number twice."""

    def record(self, now_ms, channel, body):
        return super().record(now_ms, channel, body) // 2


class HasNoBooks:
    def __init__(self, policy, name, random, stored):
        self._core = Core(policy, name, random, stored)

    def __getattr__(self, name):
        if name == "books":
            raise AttributeError(name)
        return getattr(self._core, name)


def none(_policy, _name, _random, _stored):
    return None


def divides(_policy, _name, _random, _stored):
    return 1 // 0


NUMBER = 7
