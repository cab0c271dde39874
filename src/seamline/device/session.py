"""The session: from no link to a hub that answers, and back.

    state        event        next         what the core does
    ----------   ----------   ----------   ---------------------------------------------------------------
    offline      due          connecting   connect, with the death of this session number as will
    connecting   connected    greeting     birth
    connecting   ended        offline      count the failure, back off
    greeting     due          greeting     birth again, doubling waits; after BIRTH_RETRIES_MAX close (deaf)
    greeting     answered     live         drop below the marks; anchor, twin, frames
    greeting     ended        offline      back off over the spread
    live         due          live         probe, doubling waits; after PROBES_MAX unanswered close (deaf)
    live         ended        offline      back off over the spread

An event that the table does not list for a state is stale and changes nothing. `busy` moves every due time behind the wait.
Nothing here knows a record: the core says whether frames are in flight and since when.
"""

from .backoff import Backoff
from .control import as_token
from .policy import Policy
from .shapes import Random

OFFLINE = "offline"
CONNECTING = "connecting"
GREETING = "greeting"
LIVE = "live"

TRANSITIONS = {
    (OFFLINE, "due"): CONNECTING,
    (CONNECTING, "connected"): GREETING,
    (CONNECTING, "ended"): OFFLINE,
    (GREETING, "answered"): LIVE,
    (GREETING, "ended"): OFFLINE,
    (LIVE, "ended"): OFFLINE,
}

BIRTH_RETRIES_MAX = 3
PROBES_MAX = 3  # unanswered in a row; the wire's "after three unanswered"
FAILURE_REASONS_MAX = 16  # distinct reasons counted between two sessions; the rest is "other"
END_REASONS = ("server_closed", "deaf", "keep_alive", "refused", "network")
REASON_CHARS_MAX = 32
SPREAD_MS_MAX = 3_600_000  # a hub that asks for more than an hour is obeyed for an hour


class Session:
    """One device's link; all times are uptimes in ms."""

    def __init__(self, policy: Policy, random: Random) -> None:
        """Offline; `begin` arms the first connect."""
        self._policy = policy
        self.backoff = Backoff(policy, random)
        self.state = OFFLINE
        self.number = 0  # counts connects within this boot
        self.due_ms = 0  # connect, connect timeout, or next birth; while live: next probe
        self.busy_until_ms = 0
        self.born_ms = 0  # when this session's first birth was sent
        self.heard_ms: int | None = None
        self.heard = False  # since the last frame was sent, in this session
        self.probe = 0  # probes sent in this session
        self.unanswered = 0  # births or probes since something was heard
        self.last_end: str | None = None
        self._failures: dict[str, int] = {}
        self._live_ms = 0

    def begin(self, now_ms: int, last_end: "str | None", *, together: bool) -> None:
        """A boot began; `together`: perhaps everywhere at once, so the first connect is spread."""
        self.last_end = last_end
        self.due_ms = now_ms + self.backoff.at_boot(together=together)

    def step(self, event: str) -> bool:
        """Follow the table; False for a stale event."""
        state = TRANSITIONS.get((self.state, event))
        if state is None:
            return False
        self.state = state
        return True

    def connect(self, now_ms: int) -> None:
        """A connect is under way."""
        self.number += 1
        self.heard = False
        self.probe = 0
        self.unanswered = 0
        self.due_ms = now_ms + self._policy.connect_timeout_ms

    def greet(self, now_ms: int) -> None:
        """The link is up; the first birth goes now."""
        self.born_ms = now_ms

    def birth(self, now_ms: int) -> None:
        """A birth was sent, the first or again."""
        self._arm(now_ms + (self._policy.answer_timeout_ms << self.unanswered))
        self.unanswered += 1

    def answered(self, now_ms: int, spread_ms: "int | None") -> None:
        """The hub answered the birth."""
        self._live_ms = now_ms
        self._failures = {}
        if spread_ms is not None:
            self.backoff.spread_ms = min(spread_ms, SPREAD_MS_MAX)

    def hear(self, now_ms: int) -> None:
        """A downlink was heard: not deaf."""
        self.heard = True
        self.heard_ms = now_ms
        self.unanswered = 0

    def probed(self, now_ms: int) -> None:
        """A probe was sent."""
        self._arm(now_ms + (self._policy.answer_timeout_ms << self.unanswered))
        self.probe += 1
        self.unanswered += 1

    def await_answer(self, now_ms: int, *, in_flight: bool) -> None:
        """Arm the next probe: soon while frames are in flight, else after a quiet keep-alive."""
        self._arm(now_ms + (self._policy.answer_timeout_ms if in_flight else self._policy.keep_alive_ms))

    def is_deaf(self) -> bool:
        """True when the births or probes that may go unanswered have."""
        return self.unanswered > BIRTH_RETRIES_MAX if self.state == GREETING else self.unanswered >= PROBES_MAX

    def busy(self, now_ms: int, retry_after_ms: int) -> None:
        """Be silent for at least `retry_after_ms`, and up to half as long again; then ask."""
        until_ms = now_ms + retry_after_ms + self.backoff.uniform(retry_after_ms // 2)
        self.busy_until_ms = max(self.busy_until_ms, until_ms)
        self._arm(self.busy_until_ms)

    def fail(self, now_ms: int, reason: str) -> None:
        """A connect failed; the next is due after full jitter."""
        reason = as_token(reason, REASON_CHARS_MAX)
        if reason not in self._failures and len(self._failures) >= FAILURE_REASONS_MAX:
            reason = "other"
        self._failures[reason] = self._failures.get(reason, 0) + 1
        self._arm(now_ms + max(1, self.backoff.after_failure()))

    def end(self, now_ms: int, reason: str, *, was_live: bool) -> None:
        """A connection ended; the next is due somewhere in the spread."""
        self.last_end = reason if reason in END_REASONS else "network"
        if was_live:
            self.backoff.stable(now_ms - self._live_ms)
        self._arm(now_ms + max(1, self.backoff.after_session()))

    def failures(self) -> list[list[object]]:
        """[[reason, count], …] of connects since the last session, sorted."""
        return [[reason, self._failures[reason]] for reason in sorted(self._failures)]

    def _arm(self, at_ms: int) -> None:
        """The next step is due then, but never inside a wait the hub asked for."""
        self.due_ms = max(at_ms, self.busy_until_ms)
