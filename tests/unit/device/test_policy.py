"""A policy that cannot be obeyed is refused where it is read."""

import pytest
from tests.model.device.world import Lcg, channel
from tests.unit.device.hand import rules

from seamline.device import Core, Policy, PolicyError


def test_the_drop_order_is_the_contract_s_then_the_lowest_priority():
    assert Policy(rules(drop_first=[])).drop_first == [2, 1, 3]
    assert Policy(rules(drop_first=[1, 1])).drop_first == [1, 2, 3]


def test_a_batch_fits_into_the_frame_a_board_can_send():
    wide = rules(channels=[channel(0, 24, 0, 4, 0), channel(1, 4000, 0, 60, 0)])
    assert Policy({**wide, "drop_first": []}).channels[1].batch_max == 2


def test_one_policy_serves_many_cores():
    shared = Policy(rules())
    assert Core(shared, "a", Lcg(1), {}).policy is Core(shared, "b", Lcg(2), {}).policy


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"contract": ""}, "contract is ''; a text is needed"),
        ({"store": "disk"}, "use 'ram' or 'flash'"),
        ({"answer_timeout_ms": 0}, "answer_timeout_ms is 0"),
        ({"keep_alive_ms": 1.5}, "keep_alive_ms is 1.5"),
        ({"drift_ppm": True}, "drift_ppm is True"),
        ({"stride": 0}, "stride is 0"),
        ({"drop_first": [9]}, "9 is no channel"),
        ({"drop_first": ["x"]}, "'x' is no channel"),
        ({"drop_first": [0]}, "0 is no channel"),
        ({"drop_first": None}, "a list is needed"),
        ({"channels": []}, "id 0"),
        ({"channels": [1]}, "mappings are needed"),
        ({"channels": [channel(0, 24, 0, 4, 0), channel(0, 24, 0, 4, 0)]}, "id 0 is there twice"),
        ({"channels": [channel(0, 16, 0, 4, 0)]}, "losses/1 takes 24"),
        ({"channels": [channel(0, 24, 0, 4, 0), channel(1, 12, 0, 4, 0)]}, "channel 1: record_bytes 12 is not a multiple of 8"),
        ({"channels": [channel(0, 24, 0, 4, 0), channel(1, 8, 0, 4, 7)]}, "channel 1: priority is 7"),
        ({"state": [{}]}, "state: name is None"),
    ],
)
def test_the_message_names_the_key(changes, message):
    with pytest.raises(PolicyError, match=message.replace("(", "\\(")):
        Policy(rules(**changes))


def test_the_stride_has_a_default():
    document = rules()
    del document["stride"]
    assert Policy(document).stride == 256
