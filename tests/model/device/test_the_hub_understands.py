"""Whatever a core says, through any story, the hub's own readers take."""

import pytest
from tests.model.device.world import Lcg, World, play, policy

from seamline.device import unpack
from seamline.hub.inputs import parse


class Understanding(World):
    """A world whose uplinks are all shown to the hub's reader."""

    def __init__(self, rules, seed):
        self.heard = set()
        super().__init__(rules, seed)

    def publish(self, kind, payload):
        if kind == "data":
            assert unpack(payload).count > 0
        else:
            said = parse(kind, payload)
            assert said.incarnation == self.core.incarnation
        self.heard.add(kind)
        super().publish(kind, payload)

    def carry_out(self, effect):
        if effect[0] == "connect":
            assert parse("death", effect[1]).session == self.core.books()["session"]
        super().carry_out(effect)


@pytest.mark.parametrize("store", ["ram", "flash"])
def test_every_control_message_of_every_story_is_one_the_hub_reads(store):
    heard = set()
    for seed in range(40):
        world = Understanding(policy(store), seed)
        play(world, Lcg(seed * 31), 150)
        heard |= world.heard
    assert heard == {"birth", "anchor", "probe", "twin", "data"}
