"""Every mutation planted in the device core is found within its budget of seeds, and its plan is small."""

import pytest
from tests.rig.planted import custody, numbering, session
from tests.rig.planted.hunt import SHARE, hunt, keep, table
from tests.rig.planted.mutation import Edit, StaleMutationError, mutation, planted

from seamline.device.backoff import Backoff
from seamline.rig.world.run import run
from seamline.rig.world.world import Parts

MUTATIONS = [*numbering.MUTATIONS, *custody.MUTATIONS, *session.MUTATIONS]


@pytest.mark.parametrize("chosen", MUTATIONS, ids=lambda chosen: chosen.name)
def test_a_mutation_is_found_within_its_budget_and_the_plan_that_finds_it_holds_without_it(chosen, families):
    find = hunt(chosen)
    assert find is not None, f"{chosen.name}: not found in {chosen.budget} seeds; it must break {sorted(chosen.breaks)}"
    assert find.small.broken.promise in chosen.breaks
    assert run(find.small.plan, Parts(families)).broken is None


def test_most_plans_that_find_a_mutation_are_small():
    finds = {chosen.name: hunt(chosen) for chosen in MUTATIONS}
    keep("planted-device.txt", table(finds, MUTATIONS))
    small = [name for name, find in finds.items() if find is not None and find.is_small]
    assert len(small) >= SHARE * len(MUTATIONS), table(finds, MUTATIONS)


def test_every_mutation_can_be_planted():
    for chosen in MUTATIONS:
        with planted(chosen):
            pass


def test_mutations_have_names_of_their_own_and_there_are_many():
    assert len({chosen.name for chosen in MUTATIONS}) == len(MUTATIONS) >= 22


def test_a_mutation_ends_with_its_hunt():
    before = Backoff.uniform.__code__
    with planted(next(chosen for chosen in MUTATIONS if chosen.name == "back-off without jitter")):
        assert Backoff.uniform.__code__ is not before
    assert Backoff.uniform.__code__ is before


def test_a_mutation_whose_text_is_gone_says_so():
    stale = mutation("stale", "", "books", Edit("seamline.device.backoff:Backoff.uniform", "no such text", ""), budget=1)
    with pytest.raises(StaleMutationError, match="holds 0 times the text 'no such text'; plant it anew"), planted(stale):
        pass
