"""A core that says on a console what it does, a line each, so that a desk rig can hold the hub's books against it.

It does what a `Core` does and nothing else. A line is said before the effects it is about are carried out: what has left the
device has been said. docs/hardware-in-the-loop.md has the lines; each ends with the CRC32 of its text.
"""

from .compat import crc32
from .control import Malformed, parse, parse_busy
from .core import Core
from .policy import LOSSES_CHANNEL, Policy
from .session import CONNECTING, GREETING, LIVE, OFFLINE
from .shapes import TYPE_CHECKING, Document, Effect, Random, Stored

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

LINES = 1  # version of the lines


def line(*words: object) -> str:
    """A whole line, its newline included: `SEAM`, the words, `*` and the CRC32 of all before it in eight hex digits."""
    text = "SEAM " + " ".join([str(word) for word in words])
    return f"{text} *{crc32(text.encode()):08x}\n"


class SpokenCore(Core):
    """A Core that says what it does."""

    def __init__(
        self,
        policy: "Policy | Document",
        device_id: str,
        random_u32: Random,
        stored: Stored,
        write: "Callable[[str], object]",
        obeys: "list[str]",
    ) -> None:
        """See Core. `write`: text to the console, out when it returns; `obeys`: the console's commands the application obeys."""
        super().__init__(policy, device_id, random_u32, stored)
        self._write = write
        self._obeys = obeys
        self._reset = ""
        self._declared = 0
        self._read: "Mapping[str, int] | None" = None

    def start(
        self,
        now_ms: int,
        reset: str = "power_on",
        firmware: str = "0",
        image: "str | None" = None,
        slot: "str | None" = None,
        epoch: int = 0,
    ) -> None:
        """See Core.start."""
        super().start(now_ms, reset, firmware, image, slot, epoch)
        self._reset = reset
        self.hello(now_ms)

    def hello(self, now_ms: int) -> None:
        """Say who this is, and which boot: at the start, and when asked. What a cut left of the last line ends here."""
        self._write("\n" + line("hello", LINES, self.device_id, self.policy.contract, ",".join(self._obeys) or "-"))
        self.say("boot", now_ms, self.incarnation, self.boot, self._reset)

    def say_held(self, now_ms: int) -> None:
        """Say how many records are kept; a loss that waits to be declared counts as one."""
        held = sum([batch.frame.count for number in self._outbox.lanes for batch in self._outbox.lanes[number].batches()])
        self.say("held", now_ms, held + len(self._outbox.losses.pending))

    def say(self, word: str, now_ms: int, *more: object) -> None:
        """Write one line; `now_ms` stands behind its first word."""
        self._write(line(word, now_ms, *more))

    def read(self, values: "Mapping[str, int]") -> None:
        """The next record was made from these raw values by column: they are said in place of its bytes."""
        self._read = values

    def record(self, now_ms: int, channel: int, body: bytes) -> int:
        """See Core.record."""
        read, self._read = self._read, None
        sequence = super().record(now_ms, channel, body)
        told = ["body=" + body.hex()] if read is None else [f"{name}={read[name]}" for name in sorted(read)]
        self.say("numbered", now_ms, channel, sequence, *told)
        return sequence

    def connected(self, now_ms: int) -> None:
        """See Core.connected."""
        self.say("up", now_ms)
        super().connected(now_ms)

    def connect_failed(self, now_ms: int, reason: str) -> None:
        """See Core.connect_failed."""
        if self.state == CONNECTING:
            self.say("failed", now_ms, reason)
        super().connect_failed(now_ms, reason)

    def disconnected(self, now_ms: int, reason: str) -> None:
        """See Core.disconnected."""
        if self.state != OFFLINE:
            self.say("ended", now_ms, reason)
        super().disconnected(now_ms, reason)

    def receive(self, now_ms: int, kind: str, payload: "bytes | bytearray | memoryview") -> None:
        """See Core.receive."""
        before = self.state
        if kind == "busy" and before in (GREETING, LIVE):
            self._say_busy(now_ms, payload)
        super().receive(now_ms, kind, payload)
        if before == GREETING and self.state == LIVE:
            self.say("live", now_ms, self._session.backoff.spread_ms)

    def effects(self) -> list[Effect]:
        """See Core.effects."""
        declared = self._outbox.lanes[LOSSES_CHANNEL].following
        if declared != self._declared:
            self._declared = declared
            self.say("declared", self._now_ms, declared)
        effects = super().effects()
        for effect in effects:
            if effect[0] == "publish":
                self.say("sent", self._now_ms, effect[1])
            elif effect[0] == "connect":
                self.say("dial", self._now_ms)
            elif effect[0] == "close":
                self.say("closed", self._now_ms, effect[1])
        return effects

    def _say_busy(self, now_ms: int, payload: "bytes | bytearray | memoryview") -> None:
        try:
            self.say("busy", now_ms, parse_busy(parse(payload)))
        except Malformed:
            return  # the core counts it
