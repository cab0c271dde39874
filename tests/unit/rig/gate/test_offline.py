"""What is said of an hour offline follows from the contract's times: each limit on its own side of the hour."""

from dataclasses import replace
from pathlib import Path

import pytest

from seamline.contract import load
from seamline.contract.scalars import MS
from seamline.rig.gate import mapped
from seamline.rig.gate.criteria import OWNERS, SEAMS
from seamline.rig.gate.offline import after_an_hour
from seamline.rig.gate.subject import look_at
from seamline.rig.gate.verdict import Outcome

EXAMPLES = Path(__file__).parents[4] / "examples"
HOUR_MS = MS["h"]


@pytest.fixture
def heater():
    return load(EXAMPLES / "heater" / "contract.yaml")


def told(contract):
    """Each sentence by the place that it is about."""
    found = []
    for each in after_an_hour(found.append, contract):
        found[-1] = (found[-1], each.text)
    return found


def of(contract, place):
    return [text for path, text in told(contract) if path == place]


@pytest.mark.parametrize(("publishes", "state"), [(3, "presumed lost"), (59, "presumed lost"), (60, "silent"), (90, "silent")])
def test_after_an_hour_the_last_claim_before_it_is_shown(publishes, state, heater):
    changed = replace(heater, timing=replace(heater.timing, presumed_lost_publishes=publishes))
    assert heater.heartbeat_ms == MS["min"]
    (text,) = of(changed, "timing.presumed_lost")
    assert text.startswith(f"after an hour: {state}, with its age of 1 h.")
    assert "online from the start, silent from " in text


@pytest.mark.parametrize(("keep_alive_ms", "gone"), [(60_000, "90 s"), (240_000, "6 min"), (61_000, "91 s")])
def test_the_broker_gives_a_connection_up_after_one_and_a_half_keep_alives(keep_alive_ms, gone, heater):
    changed = replace(heater, timing=replace(heater.timing, keep_alive_ms=keep_alive_ms))
    (text,) = of(changed, "timing.keep_alive")
    assert f"within 1.5 keep-alives ({gone}): lost" in text


@pytest.mark.parametrize(
    ("fresh_ms", "shown"),
    [(MS["min"], "no longer as current"), (HOUR_MS - 1, "no longer"), (HOUR_MS, "still as current"), (MS["d"], "still")],
)
def test_a_reader_shows_an_old_value_as_long_as_its_contract_allows(fresh_ms, shown, heater):
    fresh = {name: replace(each, fresh_ms=fresh_ms if name == "support" else None) for name, each in heater.consumers.items()}
    changed = replace(heater, consumers=fresh)
    (text,) = of(changed, "consumers.support.fresh")
    assert text.startswith(f"support shows a value of an hour ago {shown}")
    assert of(changed, "consumers") == [
        "how old a value may be that customer_app shows as current is not agreed (consumers.NAME.fresh)"
    ]
    agreed = {name: replace(each, fresh_ms=fresh_ms) for name, each in heater.consumers.items()}
    assert of(replace(heater, consumers=agreed), "consumers") == []


@pytest.mark.parametrize(
    ("deadline_ms", "says"),
    [(HOUR_MS - 1, "expired within the hour"), (HOUR_MS, "still good after the hour"), (MS["d"], "still good")],
)
def test_a_command_is_expired_or_still_good_after_the_hour(deadline_ms, says, heater):
    changed = replace(heater, commands={name: replace(each, deadline_ms=deadline_ms) for name, each in heater.commands.items()})
    (text,) = of(changed, "commands.boost.deadline")
    assert f"so {says}" in text


@pytest.mark.parametrize(
    ("confirm_ms", "expires_ms", "says"),
    [
        (None, None, "not reported; on"),
        (5_000, None, "not reported, unconfirmed after 5 s; on"),
        (None, 9_000, "not reported, given up after 9 s; on"),
        (5_000, 9_000, "not reported, unconfirmed after 5 s, given up after 9 s; on"),
    ],
)
def test_a_setting_that_was_changed_meanwhile_says_what_becomes_of_the_wish(confirm_ms, expires_ms, says, heater):
    state = {name: replace(each, confirm_within_ms=confirm_ms, expires_ms=expires_ms) for name, each in heater.state.items()}
    for name in heater.state:
        (text,) = of(replace(heater, state=state), f"state.{name}")
        assert text.startswith(f"{name}, changed meanwhile: wished for, ")
        assert says in text


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("heater", "an hour's readings (364 records, 6.28 KiB) wait in flash of 512 KiB, each with its own time"),
        ("labmeter", "an hour's readings (725 records, 29.38 KiB) wait in flash of 3 MiB, each with its own time"),
        ("trailcam", "an hour's readings (9 records, 400 B) wait in flash of 256 KiB, each with its own time"),
    ],
)
def test_an_hours_readings_wait_in_the_buffer(name, text):
    assert of(load(EXAMPLES / name / "contract.yaml"), "buffer") == [text]


# -- the map ---------------------------------------------------------------------------------------------------------------


def judged(folder):
    return {each.criterion.id: each for each in mapped.judge(look_at(folder))}


def test_each_owner_is_told_with_its_boundaries_and_the_waits_with_theirs(product):
    subject = look_at(product())
    owners, boundaries = subject.draft.owners.values(), subject.draft.boundaries.values()
    *found, waits = judged(subject.folder)[OWNERS.id].evidence
    assert [each.text.partition(" owns ")[::2] for each in found] == [
        (
            f"{owner.name} ({owner.team}, {owner.contact})",
            ", ".join(each.name for each in boundaries if each.owner == owner.name) or "no boundary",
        )
        for owner in owners
    ]
    count, _, named = waits.text.partition(" waits, each with an owner: ")
    timing = subject.draft.timing
    assert int(count) == len(timing.owners) + len(timing.further)
    assert set(named.split(", ")) == {*timing.owners.values(), *(each.owner for each in timing.further.values())}


def test_a_route_dots_the_links_that_no_boundary_describes(product):
    (route,) = judged(product())[SEAMS.id].evidence
    assert route.text == "sensor → firmware … radio → broker → hub → app"


def test_a_contract_without_boundaries_names_nobody(product):
    subject = look_at(product())
    found = mapped._owners(subject, replace(subject.draft, boundaries={}))
    assert (found.outcome, found.reason) == (Outcome.FAILED, "no boundary is described, so nobody owns one")
    assert [each.text for each in found.evidence] == ["no boundaries"]
