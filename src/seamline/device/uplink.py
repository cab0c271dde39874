"""What the device says: the payloads of docs/wire.md, appended to the effects."""

from .batch import Batch
from .control import write
from .counters import Counters
from .frame import FLAG_HEARD, pack
from .session import Session
from .shapes import Anchor, Document, Effect, Held


class Uplink:
    """Writes down each message with the members that all of them carry."""

    def __init__(self, counters: Counters, session: Session, effects: list[Effect]) -> None:
        """`about`, set at boot: what a birth tells of the firmware and its reset."""
        self._counters = counters
        self._session = session
        self._effects = effects
        self.about: Document = {}

    def connect(self, now_ms: int) -> None:
        """Ask for a link, with the death of the session to come as its will."""
        self._effects.append(("connect", write(self._common(now_ms))))

    def close(self, reason: str) -> None:
        """Ask for the end of the link."""
        self._effects.append(("close", reason))

    def birth(self, now_ms: int, held: list[Held]) -> None:
        """A session begins: who, why, and what is still kept."""
        document = dict(self.about)
        document["held"] = held
        document["ended"] = self._counters.ended
        document["failures"] = self._session.failures()
        document["last_end"] = self._session.last_end
        self._publish("birth", now_ms, document)

    def probe(self, now_ms: int, unanswered: int) -> None:
        """Ask which marks the hub has."""
        self._publish("probe", now_ms, {"probe": self._session.probe, "unanswered": unanswered})

    def anchor(self, now_ms: int, anchor: Anchor, number: int) -> None:
        """At this uptime it was this Unix time; `number`: of the word, in the session."""
        at_ms, unix_ms, source, uncertainty_ms = anchor
        document: Document = {"at_ms": at_ms, "unix_ms": unix_ms, "source": source, "uncertainty_ms": uncertainty_ms}
        document["number"] = number
        self._publish("anchor", now_ms, document)

    def twin(self, now_ms: int, document: Document, number: int) -> None:
        """Which wishes were seen, and what is in force; `number`: of the word, in the session."""
        document["number"] = number
        self._publish("twin", now_ms, document)

    def data(self, batch: Batch) -> None:
        """One frame of records."""
        batch.frame.flags = FLAG_HEARD if self._session.heard else 0
        self._session.heard = False
        self._effects.append(("publish", "data", pack(batch.frame)))

    def _publish(self, kind: str, now_ms: int, document: Document) -> None:
        document.update(self._common(now_ms))
        self._effects.append(("publish", kind, write(document)))

    def _common(self, now_ms: int) -> Document:
        session, counters = self._session, self._counters
        common: Document = {"incarnation": counters.incarnation, "boot": counters.boot, "session": session.number}
        common["uptime_ms"] = now_ms
        common["heard_ms"] = session.heard_ms
        return common
