"""What must hold, by name; and the error that says which did not."""

from __future__ import annotations

from typing import Final

ALWAYS: Final = {
    "deadline": "every core that lives has a deadline, and a tick at it moves it",
    "numbered-once": "a record's number is given once, in order",
    "boot-rises": "a boot's number is used once, and rises within an incarnation",
    "counted-first": "no number leaves a device that its flash does not bound",
    "birth-first": "before the hub has answered, nothing but births and the death is said",
    "one-link": "a core connects only without a link, and speaks only on one",
    "busy-obeyed": "a device that was told to wait says nothing until then",
    "sent-again": "a frame is sent again only in a new session, or after a probe's answer showed it lost",
    "in-time": "in a live session records leave when they are due, unless a `busy` or full places in flight stand in their way",
    "urgent-first": "what waited for a session goes by the contract's priority",
    "end-told": "a birth says whether the session before ended deaf, and whether the boot before ended in order",
    "bounded": "the outbox, what is in flight and what waits to be declared keep to their bounds",
    "paced": "a connect waits no longer than its window, and a device tries no more often than chance lets it",
    "jitter": "connects are spread evenly over their windows",
    "acknowledged-is-durable": "what a mark has passed is committed",
    "stored-once": "a record is stored once, and in one class",
    "lost-for-cause": "what is given up or lost has its declared cause: a full outbox, an age, hurt flash, RAM without power",
    "values": "a stored value is the measured one",
    "dates": "a date lies within its error bound of the true time",
    "no-strangers": "what is stored was measured, by the device under whose name it is stored",
    "books": "numbered = stored + quarantined + declined + lost + owed, for every device",
    "physical": "a physical value is what its version of the coefficients gives for the measured count, which nobody changes",
    "in-force": "where no pass is due, every record is valued with the newest coefficients that hold for its moment",
    "on-record": "each correction has one pass on record, and passes count each record that they valued anew once",
    "presence": "a device is shown as there only within its contract's bound of its last word, and its readers are told what is shown",
    "unblamed": "a device is told of as presumed lost for its own silence, and the hub calls no time its own outage in which it was well",
    "deaf-shown": "a device whose questions come through and are not answered is not shown as online",
    "twin-honest": "a twin shows what the device said, and calls delivered and confirmed only what it said is",
    "own-mail": "what comes down to a device is about it: its incarnations, and wishes that were made to it",
    "applied-once": "a wish is applied once in a boot, none after a newer one, none that came for another session, and none after its time, if that is known",
    "versions": "versions of wishes and of reports rise, and one version is one value",
    "told-once": "each loss and each quarantined frame is told of once; so is a gap that stays open, and a device that is deaf, offline, lost or born anew",
    "failures-told": "a birth counts every connect that failed since the last session",
    "recovery": "after a region's power cut everybody is back within the contract's recovery time",
    "no-error": "no part of the system raises an error of its own",
    "yields": "a core returns from every call",
}
EVENTUALLY: Final = {
    "online": "every device has a live session",
    "twins-converged": "each twin shows what its device holds, and no wish is open",
    "time-told": "the hub has the newest anchor of each source that told a device the time",
    "nothing-owed": "no device holds anything, in its outbox or its flash, and every measured record is in one class",
    "caught-up": "the hub has read its stream to the end, and its steps have nothing left to do",
}


class BrokenPromise(Exception):
    """A promise did not hold: `promise` is its name, `at_us` when, `device` whose (-1: the house's)."""

    def __init__(self, promise: str, what: str, device: int = -1) -> None:
        super().__init__(f"{promise}: {what}")
        self.promise: Final = promise
        self.what: Final = what
        self.device: Final = device

    def __reduce__(self) -> tuple[type[BrokenPromise], tuple[str, str, int]]:
        return BrokenPromise, (self.promise, self.what, self.device)  # it goes from one process to another
