"""A core that speaks does what a silent one does, and says each thing before it has left the device."""

import json
from binascii import crc32

import pytest
from hypothesis import given, strategies as st
from tests.model.device.world import Lcg
from tests.unit.device.hand import BODY, Hand, rules

from seamline.device import Core
from seamline.device.spoken import SpokenCore, line


class SpeakingHand(Hand):
    """A Hand whose core is a SpokenCore; `lines` has what it said, split into words, without `SEAM` and sum."""

    def __init__(self, stored=None, obeys=("rest",), **changes):
        self.text = ""
        self.obeys = list(obeys)
        super().__init__(stored, started=False, **changes)
        self.core = SpokenCore(rules(**changes), "d1", Lcg(7), dict(self.flash), self._write, self.obeys)
        self.core.start(0)
        self.drain()

    def _write(self, text):
        self.text += text

    @property
    def lines(self):
        return [each.split(" *")[0].split()[1:] for each in self.text.splitlines() if each]

    def of(self, word):
        return [words[1:] for words in self.lines if words[0] == word]


def test_a_line_ends_with_the_checksum_of_its_text():
    text = line("held", 12, 3)
    assert text.endswith("\n")
    said, _, check = text.strip().rpartition(" *")
    assert said == "SEAM held 12 3"
    assert check == f"{crc32(said.encode()):08x}"


def test_the_first_words_are_who_it_is_and_which_boot_on_a_line_of_its_own():
    hand = SpeakingHand(obeys=("rest", "held"))
    assert hand.text.startswith("\nSEAM hello ")  # what a power cut left of the last line ends here
    assert hand.lines[:2] == [
        ["hello", "1", "d1", rules()["contract"], "rest,held"],
        ["boot", "0", str(hand.core.incarnation), "1", "power_on"],
    ]
    assert SpeakingHand(obeys=()).lines[0][-1] == "-"


def test_a_record_is_said_with_its_number_before_its_frame_leaves():
    hand = SpeakingHand()
    hand.live()
    hand.at(hand.now_ms + 10)
    assert hand.record() == 0
    assert hand.of("numbered")[-1] == [str(hand.now_ms), "1", "0", "body=" + BODY.hex()]
    hand.core.read({"b": -1, "a": 7})
    hand.record()
    hand.record()
    assert hand.of("numbered")[1:] == [
        [str(hand.now_ms), "1", "1", "a=7", "b=-1"],
        [str(hand.now_ms), "1", "2", "body=" + BODY.hex()],  # values are those of one record
    ]
    hand.core.flush(hand.now_ms)
    before = len(hand.lines)
    effects = hand.drain()
    assert ["sent", str(hand.now_ms), "data"] in hand.lines[before:]
    assert any(effect[:2] == ("publish", "data") for effect in effects)


def test_a_session_is_told_from_dial_to_end():
    hand = SpeakingHand()
    hand.live(spread_ms=640)
    hand.core.disconnected(hand.now_ms + 5, "network")
    words = [words[0] for words in hand.lines]
    assert [word for word in words if word not in {"hello", "boot"}][:4] == ["dial", "up", "sent", "live"]
    assert hand.of("live") == [[str(hand.now_ms), "640"]]
    assert hand.of("ended") == [[str(hand.now_ms + 5), "network"]]
    hand.core.disconnected(hand.now_ms + 6, "network")  # it ended already
    assert len(hand.of("ended")) == 1


def test_a_connect_that_fails_is_told_once_and_only_while_there_is_one():
    hand = SpeakingHand()
    hand.core.connect_failed(0, "dns")
    assert hand.of("failed") == []
    while hand.core.state != "connecting":
        hand.tick()
    hand.core.connect_failed(hand.now_ms, "dns")
    assert hand.of("failed") == [[str(hand.now_ms), "dns"]]


def test_a_core_that_gives_up_by_itself_says_why():
    hand = SpeakingHand()
    while hand.core.state != "connecting":
        hand.tick()
    hand.tick()
    assert hand.of("closed") == [[str(hand.now_ms), "timeout"]]


@pytest.mark.parametrize("answered", [True, False])
def test_a_wait_that_the_hub_asks_for_is_told(answered):
    hand = SpeakingHand()
    if answered:
        hand.live()
    else:
        hand.greet()
    hand.say("busy", retry_after_ms=900)
    assert hand.of("busy") == [[str(hand.now_ms), "900"]]


def test_a_busy_that_is_none_or_comes_without_a_session_is_not_told():
    hand = SpeakingHand()
    hand.core.receive(0, "busy", b'{"retry_after_ms": 5}')
    hand.live()
    hand.core.receive(hand.now_ms, "busy", b"{}")
    assert hand.of("busy") == []


def test_declared_losses_are_counted_before_they_leave():
    hand = SpeakingHand(capacity_bytes=300)
    for _ in range(60):
        hand.record()
    hand.live()
    (told,) = {tuple(words[1:]) for words in hand.of("declared")}
    assert int(told[0]) == hand.core.books()["channels"][0]["numbered"] > 0
    declared = next(index for index, words in enumerate(hand.lines) if words[0] == "declared")
    assert ["sent", "data"] not in [[words[0], words[-1]] for words in hand.lines[:declared]]


def test_what_it_holds_counts_records_and_losses_that_wait():
    hand = SpeakingHand(capacity_bytes=300)
    for _ in range(60):
        hand.record()
    hand.core.say_held(hand.now_ms)
    books = hand.core.books()
    held = sum(channel["held"] for channel in books["channels"].values()) + len(books["pending_losses"])
    assert hand.of("held") == [[str(hand.now_ms), str(held)]]
    assert books["pending_losses"]


@given(st.lists(st.sampled_from(["tick", "record", "up", "answer", "busy", "lose", "fail"]), max_size=40))
def test_speaking_changes_nothing(steps):
    silent, speaking = Hand(), SpeakingHand()

    def play(hand, step):
        effects = []
        if step == "tick":
            effects = hand.tick()
        elif step == "record":
            hand.record()
            effects = hand.drain()
        elif step == "up":
            hand.core.connected(hand.now_ms)
            effects = hand.drain()
        elif step == "answer":
            effects = hand.session()
        elif step == "busy":
            effects = hand.say("busy", retry_after_ms=100)
        elif step == "lose":
            hand.core.disconnected(hand.now_ms, "network")
        else:
            hand.core.connect_failed(hand.now_ms, "network")
        return [*effects, *hand.drain()], hand.core.state, hand.core.deadline(), json.dumps(hand.core.books(), sort_keys=True)

    assert isinstance(silent.core, Core)
    for step in steps:
        assert play(silent, step) == play(speaking, step)
