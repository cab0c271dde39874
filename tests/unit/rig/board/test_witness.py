"""What a board said becomes the truth as it meant it; a wrong board, lost lines and broken numbering are told apart."""

import pytest
from hypothesis import given, settings, strategies as st
from tests.unit.rig.board.conftest import READING, boot, hello, numbered, said

from seamline.rig.board.errors import LinesLostError, StrangerError
from seamline.rig.board.lines import write
from seamline.rig.board.witness import BUCKET_MS, Witness
from seamline.rig.truth import StreamKey

READ_MS = 1_800_000_000_000


@pytest.fixture
def witness(contracts):
    return Witness("b1", contracts)


def tell(witness, *lines, read_ms=READ_MS):
    for line in lines:
        witness.heard(line, read_ms)
    return witness


def test_records_are_kept_with_the_values_that_were_said(witness):
    tell(witness, hello(), boot(), numbered(100, 0), numbered(200, 1, room=2049), said("rest", 300))
    truth = witness.settle()
    stream = truth.streams[StreamKey(7, 1, 1)]
    assert [stream.values(n)["room"] for n in range(2)] == [2048, 2049]
    assert stream.values(0) == READING
    assert list(stream.uptime_ms) == [100, 200]
    assert stream.version == "1.3.0"
    assert truth.begun == {7: 1}


def test_a_body_is_as_good_as_values(witness, contracts):
    layout = contracts["heater/1.3.0"].messages["reading"].layout
    body = layout.pack(READING).hex()
    tell(witness, hello(), boot(), write("numbered", 5, 1, 0, f"body={body}").strip(), said("rest", 9))
    assert witness.settle().streams[StreamKey(7, 1, 1)].values(0) == READING


def test_what_comes_before_the_first_hello_means_nothing(witness):
    tell(witness, "ets Jul 29 2019", "", numbered(5, 9), said("live", 6, 100), boot())
    assert witness.boot is None
    assert witness.manners is None
    assert not witness.live
    assert witness.truth.numbered == 0
    assert witness.noise == "ets Jul 29 2019"
    assert witness.counts == {"other": 1, "numbered": 1, "live": 1, "boot": 1}


@given(delays=st.lists(st.integers(0, 5_000), min_size=2, max_size=30), offset=st.integers(0, 10**9))
@settings(max_examples=50)
def test_records_are_dated_by_the_line_that_came_fastest(heater, delays, offset):
    witness = Witness("b1", {heater.current.reference: heater.current})
    tell(witness, hello(), boot(), read_ms=READ_MS + offset + 6_000)
    for sequence, delay_ms in enumerate([*delays, 0]):
        tell(witness, numbered(sequence * 10, sequence), read_ms=READ_MS + offset + sequence * 10 + delay_ms)
    stream = witness.settle().streams[StreamKey(7, 1, 1)]
    assert list(stream.true_ms) == [READ_MS + offset + sequence * 10 for sequence in range(len(delays) + 1)]


def test_a_clock_that_drifts_is_followed_minute_by_minute(witness):
    tell(witness, hello(), boot())
    drift = 1.0001  # 100 ppm slow: after ten minutes the board is 60 ms behind
    moments = [minute * BUCKET_MS + second * 20_000 for minute in range(10) for second in range(3)]
    for sequence, at_ms in enumerate(moments):
        tell(witness, numbered(at_ms, sequence), read_ms=READ_MS + round(at_ms * drift))
    stream = witness.settle().streams[StreamKey(7, 1, 1)]
    off = [abs(true_ms - READ_MS - at_ms * drift) for true_ms, at_ms in zip(stream.true_ms, moments, strict=True)]
    assert max(off) <= 3 * BUCKET_MS * 0.0001 + 1


@pytest.mark.parametrize(
    ("line", "says"),
    [
        (hello(lines=2), "version 2 of the console's lines"),
        (hello(device="b2"), "it is b2, not b1"),
        (hello(contract="heater/9.0.0"), "runs heater/9.0.0, --contract has heater/1."),
    ],
)
def test_a_strange_board_is_named_with_what_to_do(witness, line, says):
    with pytest.raises(StrangerError, match=says):
        tell(witness, line)


def test_a_board_that_changes_its_firmware_in_a_run_is_named(witness):
    tell(witness, hello(), boot())
    with pytest.raises(StrangerError, match=r"began as heater/1\.3\.0 and now runs heater/1\.2\.0"):
        tell(witness, hello(contract="heater/1.2.0"))


@pytest.mark.parametrize(
    ("line", "says"),
    [
        (numbered(5, 0, channel=77), "channel 77, which its contract does not have"),
        (numbered(5, 0, room=99_999), "does not allow: .*room"),
        (write("numbered", 5, 1, 0, "room=1").strip(), "generated from this version"),
        (write("numbered", 5, 1, 0, "body=00").strip(), "a body of 1 bytes; 12 are needed"),
        (write("numbered", 5, 1, 0, "body=").strip(), "a body of 0 bytes"),
    ],
)
def test_a_record_that_the_contract_does_not_have_is_another_firmware(witness, line, says):
    tell(witness, hello(), boot())
    with pytest.raises(StrangerError, match=says):
        tell(witness, line)


def test_a_gap_in_the_numbers_is_the_consoles_and_ends_the_run(witness):
    tell(witness, hello(), boot(), numbered(5, 0), numbered(9, 3), numbered(12, 9))
    with pytest.raises(LinesLostError, match="records 1 to 2 of channel 1 in boot 1 were never said; use a lower --baud"):
        witness.settle()


def test_a_boot_whose_first_lines_were_garbled_is_lost_lines_and_no_number_given_twice(witness):
    tell(witness, hello(), boot(), numbered(5, 0), numbered(9, 1), "SEAM hello 1 b1 hea", numbered(3, 0))
    assert witness.problems == []
    with pytest.raises(LinesLostError, match="garbled"):
        witness.settle()


def test_a_number_given_twice_is_a_broken_promise(witness):
    tell(witness, hello(), boot(), numbered(5, 0), numbered(9, 0))
    assert witness.problems == ["channel 1 gave number 0 twice in boot 1"]


def test_boots_must_rise_and_a_new_incarnation_be_asked_for(witness):
    tell(witness, hello(), boot(number=5), hello(), boot(number=4))
    assert witness.problems == ["boot 4 of incarnation 00000007 comes after boot 5"]
    tell(witness, hello(), boot(incarnation=8))
    assert witness.problems[1] == "incarnation 00000008 comes after 00000007, and nobody erased the flash"
    witness.expect_erased = True
    tell(witness, hello(), boot(incarnation=8, number=2))  # the power was faster: the erase is still to come
    tell(witness, hello(), boot(incarnation=9))
    assert len(witness.problems) == 2
    assert witness.truth.begun == {7: 5, 8: 1, 9: 1}
    assert not witness.expect_erased


def test_the_same_boot_said_again_is_the_same_boot(witness):
    tell(witness, hello(), boot(), numbered(100, 0), hello(), boot(at_ms=150), numbered(200, 1), said("rest", 201))
    assert len(witness.boots) == 1
    assert witness.problems == []
    assert witness.settle().numbered == 2


def test_a_boot_that_the_power_cut_before_it_numbered_anything_may_begin_again(witness):
    tell(witness, hello(), boot(at_ms=3), said("dial", 900), hello(), boot(at_ms=2), numbered(10, 0), read_ms=READ_MS)
    assert witness.problems == []
    tell(witness, hello(), boot(at_ms=1))
    assert witness.problems == ["boot 1 of incarnation 00000007 began twice"]


@pytest.mark.parametrize(
    ("after", "unsure"),
    [
        ((), 1),
        (("sent",), 1),
        (("declared", "dial", "closed"), 1),
        (("up",), None),
        (("ended",), None),
        (("held",), None),
    ],
)
def test_the_last_record_before_a_cut_is_sure_only_when_a_later_call_was_said(witness, after, unsure):
    more = {"sent": "data", "declared": 1, "closed": "deaf", "ended": "network", "held": 0}
    lines = [said(word, 30, *([more[word]] if word in more else [])) for word in after]
    tell(witness, hello(), boot(), numbered(10, 0), numbered(20, 1), *lines, hello(), boot(number=2))
    assert witness.settle().streams[StreamKey(7, 1, 1)].unsure == unsure


def test_the_running_boots_last_record_is_not_in_doubt(witness):
    tell(witness, hello(), boot(), numbered(10, 0))
    assert witness.settle().streams[StreamKey(7, 1, 1)].unsure is None


def test_what_it_keeps_and_whether_it_is_online_follow_its_words(witness):
    tell(witness, hello(), boot(), said("up", 5), said("live", 6, 100), said("held", 7, 3), said("declared", 8, 2))
    assert (witness.live, witness.held) == (True, 3)
    assert witness.truth.declared == {(7, 1): 2}
    tell(witness, numbered(9, 0))
    assert witness.held is None
    tell(witness, said("held", 10, 1), said("ended", 11, "network"))
    assert (witness.live, witness.held) == (False, 1)
    tell(witness, said("live", 12, 100), hello(), boot(number=2))
    assert (witness.live, witness.held) == (False, None)


@given(st.lists(st.sampled_from([hello(), boot(), boot(number=2), numbered(10, 0), "SEAM torn *0", "noise", said("live", 3, 1)])))
def test_no_order_of_lines_is_an_error_of_ours(heater, lines):
    witness = Witness("b1", {heater.current.reference: heater.current})
    tell(witness, *lines)
    try:
        witness.settle()
    except LinesLostError:
        assert witness.counts["torn"]
