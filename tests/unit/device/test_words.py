"""Anchors and reports on a link that lives and loses: said again until the hub has taken them, and no more than that."""

from tests.unit.device.hand import UNIX_MS, Hand, said

from seamline.device.words import ROUNDS_MAX


def report(hand, value, name="mode"):
    """The application says what is in force; returns the message."""
    hand.core.report(hand.now_ms, name, value)
    return said(hand.drain(), "twin")[0]


def asked(hand):
    """Wait for the next probe."""
    while not (probes := said(hand.tick(), "probe")):
        pass
    return probes[0]["probe"]


def test_words_are_numbered_in_the_session_from_one():
    hand = Hand()
    hand.core.clock(0, UNIX_MS, "ntp", 1)
    hand.core.report(0, "mode", 1)
    hand.greet()
    effects = hand.session()
    assert [(word["source"], word["number"]) for word in said(effects, "anchor")] == [("hub", 1), ("ntp", 2)]
    assert said(effects, "twin")[0]["number"] == 3
    hand.core.disconnected(hand.now_ms, "network")
    assert [word["number"] for word in said(hand.live(), "anchor")] == [1, 2]


def test_a_report_that_is_taken_is_not_asked_about():
    hand = Hand()
    hand.live()
    hand.marks(taken=[report(hand, 1)["number"]])
    assert hand.core.deadline() == hand.now_ms + 9000  # the quiet keep-alive


def test_a_report_that_nobody_took_is_asked_about_and_said_again():
    hand = Hand()
    hand.live()
    first = report(hand, 1)
    assert hand.core.deadline() == hand.now_ms + 1000
    again = said(hand.marks(probe=asked(hand)), "twin")
    assert [word["reported"] for word in again] == [first["reported"]]
    assert again[0]["number"] == first["number"] + 1
    assert hand.core.deadline() == hand.now_ms + 1000
    hand.marks(taken=[again[0]["number"]])
    assert hand.core.deadline() == hand.now_ms + 9000


def test_a_value_that_is_in_force_no_more_is_not_said_again():
    hand = Hand()
    hand.live()
    report(hand, 1)
    second = report(hand, 2)
    hand.marks(taken=[second["number"]])
    assert said(hand.marks(probe=asked(hand)), "twin") == []  # the value that was lost is in force no more


def test_a_report_that_the_hub_turns_out_to_know_is_not_said_again_though_its_message_is():
    hand = Hand()
    hand.live(twin={"desired": {"mode": {"value": 2, "version": 5, "expires_ms": None}}, "known": {}})
    version = report(hand, 1)["reported"]["mode"]["version"]
    hand.say("twin", desired={}, known={"mode": version})
    (again,) = said(hand.marks(probe=asked(hand)), "twin")
    assert (again["reported"], again["seen"]) == ({}, {"mode": 5})


def test_a_report_made_since_is_said_once():
    hand = Hand()
    hand.live()
    report(hand, 1)
    hand.say("busy", retry_after_ms=20_000)
    hand.core.report(hand.now_ms, "mode", 2)
    hand.at(hand.core.deadline())
    effects = hand.tick()
    assert [list(word["reported"]) for word in said(effects, "twin")] == [["mode"]]
    assert said(hand.marks(probe=said(effects, "probe")[0]["probe"]), "twin") == []


def test_what_was_said_after_the_probe_is_not_lost_by_its_answer():
    hand = Hand()
    hand.live()
    report(hand, 1)
    probe = asked(hand)
    report(hand, 3, "level")
    (again,) = said(hand.marks(probe=probe), "twin")
    assert list(again["reported"]) == ["mode"]


def test_an_anchor_that_was_lost_is_said_again_unless_a_newer_one_of_its_source_was():
    hand = Hand()
    hand.live()
    hand.core.clock(hand.now_ms, UNIX_MS + hand.now_ms, "ntp", 5)
    hand.core.clock(hand.now_ms, UNIX_MS + hand.now_ms, "gnss", 5)
    hand.at(hand.now_ms + 10).core.clock(hand.now_ms, UNIX_MS + hand.now_ms, "ntp", 4)
    lost = said(hand.drain(), "anchor")
    assert [anchor["source"] for anchor in lost] == ["ntp", "gnss", "ntp"]
    again = said(hand.marks(probe=asked(hand)), "anchor")
    assert [(anchor["source"], anchor["uncertainty_ms"]) for anchor in again] == [("gnss", 5), ("ntp", 4)]


def test_words_of_another_boot_or_session_are_not_ours():
    hand = Hand()
    hand.live()
    number = report(hand, 1)["number"]
    boot, session = hand.core.boot, hand.core.books()["session"]
    foreign = [[boot + 1, session, number], [boot, session + 1, number], [boot, session, number + 1]]
    hand.say("marks", incarnation=hand.core.incarnation, session=session, marks=[], probe=None, taken=foreign)
    assert len(said(hand.marks(probe=asked(hand)), "twin")) == 1


def test_a_hub_that_tells_of_no_words_is_asked_once_and_left_in_peace_until_the_next_session():
    hand = Hand()
    hand.greet()
    assert said(hand.session(), "anchor")
    assert said(hand.marks(probe=asked(hand), numbered=False), "anchor") == []
    assert hand.core.deadline() == hand.now_ms + 9000
    report(hand, 1)
    assert said(hand.marks(probe=asked(hand), numbered=False), "twin") == []
    assert hand.core.deadline() == hand.now_ms + 9000
    hand.core.disconnected(hand.now_ms, "network")
    assert said(hand.live(), "twin")  # the next session says it all


def lose(hand, rounds):
    """The word under way is lost so many times; returns the newest of its numbers."""
    for _ in range(rounds):
        (again,) = said(hand.marks(probe=asked(hand)), "twin")
        assert again["reported"]["mode"]["value"] == 1
    return again["number"]


def test_a_word_is_said_until_it_is_taken_as_often_as_a_link_may_lose_it():
    hand = Hand()
    hand.live()
    for _ in range(3):
        report(hand, 1)
        hand.marks(taken=[lose(hand, ROUNDS_MAX)])
        assert hand.core.deadline() == hand.now_ms + 9000


def test_a_word_that_the_hub_refuses_is_not_said_for_ever_though_it_takes_others():
    hand = Hand()
    hand.live()
    report(hand, 1)
    lose(hand, ROUNDS_MAX - 1)
    other = report(hand, 3, "level")
    hand.marks(taken=[other["number"]])
    lose(hand, 1)
    assert said(hand.marks(probe=asked(hand)), "twin") == []
    assert hand.core.deadline() == hand.now_ms + 9000
    hand.core.disconnected(hand.now_ms, "network")
    assert said(hand.live(), "twin")[0]["reported"]["mode"]["value"] == 1  # the next session says it all


def test_a_hub_that_is_silent_about_words_is_deaf():
    hand = Hand()
    hand.live()
    report(hand, 1)
    while hand.core.state == "live":
        effects = hand.tick()
    assert ("close", "deaf") in effects


def test_what_was_seen_is_said_again_with_the_newest_report_only():
    hand = Hand()
    hand.live(twin={"desired": {"mode": {"value": 2, "version": 5, "expires_ms": None}}, "known": {}})
    first, second = report(hand, 1), report(hand, 2)
    again = said(hand.marks(probe=asked(hand)), "twin")
    assert first["seen"] == second["seen"] == {"mode": 5}
    assert [(word["seen"], word["reported"]) for word in again] == [({"mode": 5}, second["reported"])]


def test_malformed_word_numbers_are_counted_and_change_nothing():
    hand = Hand()
    hand.live()
    number = report(hand, 1)["number"]
    for taken in (7, [[1, 1]], [[1, 1, -1]], [["1", 1, number]], [[1, 1, 1 << 32]], {}):
        told = hand.core.books()["session"]
        hand.say("marks", incarnation=hand.core.incarnation, session=told, marks=[], probe=None, taken=taken)
    assert hand.core.books()["malformed"] == 6
    assert hand.core.deadline() <= hand.now_ms + 1000
