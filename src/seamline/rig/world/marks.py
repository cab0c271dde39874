"""The *sometimes* marks: rare states that a set of runs must have reached, each with a counter. A name that is not here is an error."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

CATALOGUE: Final[Mapping[str, str]] = {
    "power-cut": "a device lost its power",
    "cut-in-erase": "the power went while a flash sector was erased",
    "cut-in-program": "the power went while a flash page was programmed",
    "cut-in-recovery": "the power went again while a device booted after a cut",
    "counters-lost": "both counter slots were gone: a new incarnation",
    "slot-lost": "a device booted with only one readable counter slot, after it had two",
    "flash-rot": "a bit of the flash had turned",
    "booted-with-records": "a boot took over records of an ended one",
    "upgraded": "a device booted with another contract version than before",
    "stopped": "a program ended in order and left its mark",
    "link-cut": "a live connection broke",
    "uplink-lost": "a message was lost on its way up",
    "downlink-lost": "a message was lost on its way down",
    "doubled": "a message came twice",
    "reordered": "a message was overtaken",
    "held-back": "a stalled link gave back what it had held",
    "connect-failed": "a connect failed",
    "portal": "a captive portal or a lying name server met a connect",
    "nat-forgot": "a network forgot an idle connection without telling anybody",
    "keep-alive-expired": "the broker gave a silent connection up",
    "takeover": "a device came back while the broker still held its old session",
    "late-death": "the death of an old session was published after a newer birth",
    "deaf": "a core closed a session that did not answer",
    "connect-timeout": "a core gave a connect up",
    "resent": "a frame was sent a second time",
    "probed": "a core asked for its marks",
    "busy": "a device was told to wait",
    "losses-declared": "records of channel 0 were sent",
    "broker-down": "the broker was down",
    "stream-lost": "the broker came back without its stream",
    "tail-lost": "the broker came back without its last messages",
    "hub-killed-before": "the hub was killed inside a transaction",
    "hub-killed-between": "the hub was killed after a commit and before its first answer",
    "hub-killed-answering": "the hub was killed when some answers of a batch had left",
    "redelivered": "the hub read messages a second time",
    "database-away": "the hub found its database away",
    "commit-unknown": "a commit was made and its answer lost",
    "slow-commit": "a commit took longer than the contract's budget",
    "duplicate": "the hub knew a record it was sent",
    "clock-lied": "a device told a time that was wrong",
    "undated": "a record was stored without a date",
}


class Marks:
    """Counts the marks of one run, or of several."""

    __slots__ = ("counts",)

    def __init__(self) -> None:
        self.counts: dict[str, int] = dict.fromkeys(CATALOGUE, 0)

    def hit(self, name: str, times: int = 1) -> None:
        """Count a mark. Raises KeyError for one that the catalogue does not have."""
        self.counts[name] += times

    def add(self, other: Marks) -> None:
        """Count in what another run reached."""
        for name, times in other.counts.items():
            self.counts[name] += times

    @property
    def missed(self) -> tuple[str, ...]:
        """The marks never reached, in the catalogue's order."""
        return tuple(name for name, times in self.counts.items() if not times)

    @property
    def reached(self) -> int:
        """How many of the catalogue were reached."""
        return len(self.counts) - len(self.missed)


def unknown(names: Iterable[str]) -> list[str]:
    """Which of these the catalogue does not have."""
    return [name for name in names if name not in CATALOGUE]
