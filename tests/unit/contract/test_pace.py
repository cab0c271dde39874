"""A pace is taken by every version of a family, and by nothing that is on the wire."""

from seamline.contract import Family, load_family
from seamline.contract.pace import CONTRACTS_OWN, Pace, hurried
from seamline.rig.demo import example


def heater() -> Family:
    return load_family(example("heater"))


def test_the_contracts_own_pace_changes_nothing() -> None:
    family = heater()
    assert CONTRACTS_OWN.family(family) == family
    assert hurried(family.current, None) is family.current


def test_every_version_hurries_and_the_layouts_stay() -> None:
    family = heater()
    quick = Pace(10, 2_000).family(family)
    assert quick.layouts == family.layouts
    assert quick.versions.keys() == family.versions.keys()
    for contract in (quick.current, *quick.versions.values()):
        assert contract.timing.answer_timeout_ms == 2_000
        assert all(message.publish_every_ms <= 2_000 for message in contract.messages.values())


def test_messages_of_low_priority_may_keep_a_slower_pace() -> None:
    quick = Pace(1, 20_000, 200_000).contract(heater().current)
    every = {name: (message.sample_ms, message.publish_every_ms) for name, message in quick.messages.items()}
    assert every == {"reading": (10_000, 20_000), "vitals": (200_000, 200_000)}
