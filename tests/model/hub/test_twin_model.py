"""The twin against a simulated device behind a lossy link: whatever is lost, both sides end in the same state."""

from hypothesis import settings, strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from seamline.hub.twin import (
    Policy,
    Reported,
    Resolution,
    Rule,
    Twin,
    TwinState,
    ask,
    deadline,
    document,
    mark_seen,
    report,
    status,
    tick,
)

T0 = 1_763_000_000_000
VALUES = st.integers(0, 5)
LIMIT = 4


class Device:
    """Applies wishes up to LIMIT, refuses others with a fault, and reports; its counters begin anew with each boot."""

    def __init__(self):
        self.boot, self.value, self.version, self.seen = 1, 0, 0, 0
        self.lifted = False
        self.last = None

    def say(self, based_on, fault, now_ms):
        self.version += 1
        self.last = Reported(self.value, self.version, based_on, fault, 7, self.boot, 0, now_ms)

    def change(self, value, now_ms):
        self.value = value
        self.say(None, None, now_ms)

    def receive(self, doc, now_ms):
        if not self.lifted:
            self.lift(doc.known.get("p", 0))
        wish = doc.desired.get("p")
        if wish is not None and wish.version > self.seen:
            self.seen = wish.version
            applied = wish.value <= LIMIT
            self.value = wish.value if applied else self.value
            self.say(wish.version, None if applied else "too_high", now_ms)

    def lift(self, known):
        """The first document of a boot: this boot's reports number above what the hub knows (as seamline.device.twin does)."""
        self.lifted = True
        self.version += known
        if self.last is not None and self.last.boot == self.boot:
            self.last = self.last._replace(version=self.version)

    def reboot(self, now_ms):
        self.boot += 1
        self.version, self.seen, self.lifted = 0, 0, False
        self.say(None, None, now_ms)


class TwinMachine(RuleBasedStateMachine):
    @initialize(rule_=st.sampled_from(Rule), expires_ms=st.none() | st.just(5_000))
    def begin(self, rule_, expires_ms):
        self.policy = Policy(rule_, expires_ms=expires_ms, override_ms=3_000)
        self.twin, self.device, self.now_ms = Twin(), Device(), T0

    def adopt(self, after):
        before = self.twin.desired
        if before is not None:
            assert after.desired.version >= before.version
            if after.desired.version == before.version and before.resolution is Resolution.DEVICE_WON:
                assert after.desired.resolution in {Resolution.DEVICE_WON, Resolution.CONFIRMED, Resolution.REJECTED}
        self.twin = after

    @rule(value=VALUES)
    def ask(self, value):
        self.adopt(ask(self.twin, self.policy, value, "anna", self.now_ms))

    @rule(value=VALUES)
    def change_locally(self, value):
        self.device.change(value, self.now_ms)

    @rule()
    def document_arrives(self):
        self.device.receive(document({"p": self.twin}, self.now_ms), self.now_ms)

    @rule()
    def report_arrives(self):
        if self.device.last is not None and self.device.lifted:
            seen = mark_seen(self.twin, self.device.seen, self.now_ms)
            self.adopt(report(seen, self.policy, self.device.last, (self.now_ms, 10), self.now_ms))

    @rule()
    def reboot(self):
        self.device.reboot(self.now_ms)

    @rule(ms=st.integers(1, 4_000))
    def time_passes(self, ms):
        self.now_ms += ms
        due = deadline(self.twin, self.policy)
        after = tick(self.twin, self.policy, self.now_ms)
        assert (after != self.twin) == (due is not None and due <= self.now_ms)
        self.adopt(after)

    @invariant()
    def a_state_is_one_of_six_and_has_an_age(self):
        found = status(self.twin, self.policy, self.now_ms)
        if found is None:
            assert self.twin == Twin()
        else:
            assert found.state in TwinState
            assert found.age_ms >= 0

    def teardown(self):
        """Faults end: a few exchanges later nothing is pending and what is shown is true."""
        if not hasattr(self, "twin"):
            return
        for _ in range(4):
            self.now_ms += 1
            self.device.receive(document({"p": self.twin}, self.now_ms), self.now_ms)
            self.report_arrives()
        found = status(self.twin, self.policy, self.now_ms)
        if found is not None and found.state is TwinState.IN_SYNC:
            assert self.twin.reported is None or self.twin.reported.value == self.device.value
        if found is not None:
            assert found.state not in {TwinState.ASKED, TwinState.DELIVERED}


TwinMachine.TestCase.settings = settings(max_examples=200, stateful_step_count=25, deadline=None)
TestTwinAgainstADevice = TwinMachine.TestCase
