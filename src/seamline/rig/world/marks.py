"""The *sometimes* marks: rare states that a set of runs must have reached, each with a counter. A name that is not here is an error."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
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
    "flapped": "session after session of a device was answered, and ended before it had held",
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
    "hub-killed": "the hub was killed, wherever it was",
    "partitioned": "a device that was connected was cut off without a word",
    "two-outages": "two of database, broker, network and authorisation were away at once",
    "hub-killed-before": "the hub was killed inside a transaction",
    "hub-killed-between": "the hub was killed after a commit and before its first answer",
    "hub-killed-answering": "the hub was killed when some answers of a batch had left",
    "hub-killed-in-step": "the hub was killed inside one of its background steps",
    "hub-killed-asked": "the hub was killed while somebody asked for a setting",
    "step-without-database": "a background step found its database away",
    "hub-stopped": "the hub was ended in order and started again",
    "redelivered": "the hub read messages a second time",
    "database-away": "the hub found its database away",
    "commit-unknown": "a commit was made and its answer lost",
    "slow-commit": "a commit took longer than the contract's budget",
    "duplicate": "the hub knew a record it was sent",
    "clock-lied": "a device told a time that was wrong",
    "cut-mid-publish": "a connection broke with a message on its way up",
    "busy-obeyed": "a device that was told to wait asked again, in time and not at once",
    "failures-told": "a birth told of connects that had failed",
    "time-from-hub": "a device learnt the time from the hub",
    "wish-offline": "somebody asked for a setting of a device without a connection",
    "mail-late": "the broker kept a document of wishes back",
    "wish-expired": "a wish expired before its device had answered it",
    "wish-late": "a wish was confirmed a minute and more after it was asked for",
    "two-versions": "records of two versions of a message were stored side by side",
    "age-shown": "a device that said nothing was shown with the age of its last word",
    "silent-two-days": "a device that had said nothing for two days was shown so, with that age",
    "region-recovered": "everybody was back within the contract's recovery time after a region's power cut",
    "undated": "a record was stored without a date",
    "redated": "the date of a stored record was revised",
    "contract-late": "a contract was registered when its devices were in the field already",
    "released": "a frame of an unregistered layout was decoded once it was registered",
    "disk-full": "the database's disk was full",
    "broker-full": "the broker could not store a message",
    "database-restored": "the database was what it had been earlier",
    "restore-with-holes": "the stream had lost what a restored database needed",
    "credentials-expired": "a device's credentials had expired",
    "wished": "somebody asked for a setting",
    "calibrated-unheard": "a device that nobody had heard was given its first coefficients",
    "calibrated-late": "a device with a history was given its first coefficients",
    "corrected": "coefficients were corrected",
    "correction-refused": "somebody corrected coefficients, and could not",
    "hub-killed-correcting": "the hub was killed while somebody corrected coefficients",
    "revalued": "a stored record was valued anew",
    "late-valued": "records that came late, or were dated anew, were valued by a pass of their own",
    "killed-in-pass": "the hub was killed between two transactions of a pass over history",
    "corrected-in-pass": "coefficients were corrected while a pass over the same history was under way",
    "rows-in-pass": "records came while a pass over their device's history was under way",
    "wish-refused": "somebody asked for a setting, and could not",
    "wish-confirmed": "a device did as it was asked",
    "wish-device-won": "a change at the device stood against a wish",
    "touched": "somebody changed a setting at a device",
    "shown-online": "a device was shown as online",
    "shown-deaf": "a device was shown as deaf",
    "shown-silent": "a device was shown as silent",
    "shown-lost": "a device was shown as lost",
    "shown-presumed-lost": "a device was shown as presumed lost",
    "shown-unknown": "a device was shown as unknown: the hub itself could not have heard it",
    "deaf-with-age": "a device was shown as deaf, with the age of its last answer",
    "deaf-recovered": "a device that was shown as deaf was online again",
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

    def missed(self, demanded: Iterable[str]) -> tuple[str, ...]:
        """Those of these that were never reached, in their order."""
        return tuple(name for name in demanded if not self.counts[name])

    def share(self, demanded: Collection[str]) -> str:
        """`75 of 79`: how many of these were reached."""
        return f"{len(demanded) - len(self.missed(demanded))} of {len(demanded)}"

    def told(self, demanded: Collection[str]) -> str:
        """`75 of 79 rare states met; never: …`."""
        missed = self.missed(demanded)
        return f"{self.share(demanded)} rare states met" + (f"; never: {', '.join(missed)}" if missed else "")


def unknown(names: Iterable[str]) -> list[str]:
    """Which of these the catalogue does not have."""
    return [name for name in names if name not in CATALOGUE]
