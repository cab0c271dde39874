"""Words: anchors and reports, each with its number in the session, said again until the hub has taken them.

Records have marks; a word has this. The answer to a probe tells which of those said before it were lost on the way: all that
the hub did not name as taken. A hub whose answer has no such names does not know words' numbers, and one that has not taken a
word in ROUNDS_MAX rounds refuses it: the next session says it all.
"""

from .clock import Clock
from .outbox import NEVER_MS
from .shapes import Anchor, Taken
from .twin import Twin
from .uplink import Uplink

ROUNDS_MAX = 20  # of saying again in a row: so often a link loses nothing, and what is refused is not said for ever


class Word:
    """One that is under way: an anchor, or a report of some properties in these versions."""

    __slots__ = ("anchor", "number", "probe", "said_ms", "versions")

    def __init__(self, number: int, now_ms: int, probe: int, anchor: "Anchor | None", versions: dict[str, int]) -> None:
        """Said at `now_ms` (uptime), after `probe` probes of this session."""
        self.number = number
        self.said_ms = now_ms
        self.probe = probe
        self.anchor = anchor
        self.versions = versions


class Words:
    """What is to be said, and what was said in this session and is not taken yet."""

    def __init__(self, uplink: Uplink, clock: Clock, twin: Twin) -> None:
        """Nothing said."""
        self._uplink = uplink
        self._clock = clock
        self._twin = twin
        self.anchors: dict[str, Anchor] = {}  # to be said, by source
        self._open: list[Word] = []  # oldest first
        self._number = 0
        self._newest_report = 0  # its number
        self._rounds = 0  # in which something was lost, since nothing was under way last

    def begin(self) -> None:
        """A session begins: say everything that the hub may not have."""
        self.anchors = {anchor[2]: anchor for anchor in self._clock.anchors()}
        self._twin.renew()

    def end(self) -> None:
        """The session ended, and its numbers with it."""
        self._open = []
        self._number = 0
        self._rounds = 0

    def say(self, now_ms: int, probe: int) -> None:
        """Say what there is to say, after `probe` probes of this session."""
        if self.anchors:
            for source in sorted(self.anchors):
                anchor = self.anchors[source]
                self._uplink.anchor(now_ms, anchor, self._next(now_ms, probe, anchor, {}))
            self.anchors = {}
        if self._twin.due():
            self._newest_report = self._next(now_ms, probe, None, self._twin.unheard())
            self._uplink.twin(now_ms, self._twin.take(), self._newest_report)

    def under_way(self) -> bool:
        """True while a word is not taken."""
        return bool(self._open)

    def oldest_ms(self) -> int:
        """When the oldest word that is under way was said (uptime), or NEVER_MS."""
        return self._open[0].said_ms if self._open else NEVER_MS

    def take(self, taken: list[Taken], boot: int, session: int) -> None:
        """The hub has these."""
        for number in [entry[2] for entry in taken if entry[0] == boot and entry[1] == session]:
            self._open = [word for word in self._open if word.number != number]
        if not self._open:
            self._rounds = 0

    def again(self, probe: int, *, told: bool) -> None:
        """Probe number `probe` was answered; `told`: by a hub that tells what it took. What it has not of what was said before is lost.

        It is to be said again, but for what a newer word has said since or will say.
        """
        lost = [word for word in self._open if word.probe < probe]
        self._open = [word for word in self._open if word.probe >= probe]
        self._rounds += bool(lost)
        for word in lost if told and self._rounds <= ROUNDS_MAX else ():
            if word.anchor is None:
                self._twin.again(word.versions, seen=word.number == self._newest_report)
            elif word.anchor in self._clock.anchors():
                self.anchors[word.anchor[2]] = word.anchor

    def _next(self, now_ms: int, probe: int, anchor: "Anchor | None", versions: dict[str, int]) -> int:
        """Number a word."""
        self._number += 1
        self._open.append(Word(self._number, now_ms, probe, anchor, versions))
        return self._number
