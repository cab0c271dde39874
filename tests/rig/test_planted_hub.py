"""Every mutation planted in the hub is found within its budget of seeds, and its plan is small."""

import pytest
from tests.rig.planted import books, clocks, state, values
from tests.rig.planted.hunt import SHARE, hunt, keep, table
from tests.rig.planted.mutation import planted

from seamline.rig.world.run import run
from seamline.rig.world.world import Parts

MUTATIONS = [*books.MUTATIONS, *clocks.MUTATIONS, *state.MUTATIONS, *values.MUTATIONS]


@pytest.mark.parametrize("chosen", MUTATIONS, ids=lambda chosen: chosen.name)
def test_a_mutation_is_found_within_its_budget_and_the_plan_that_finds_it_holds_without_it(chosen, families):
    find = hunt(chosen)
    assert find is not None, f"{chosen.name}: not found in {chosen.budget} seeds; it must break {sorted(chosen.breaks)}"
    assert find.small.broken.promise in chosen.breaks
    assert run(find.small.plan, Parts(families)).broken is None


def test_most_plans_that_find_a_mutation_are_small():
    finds = {chosen.name: hunt(chosen) for chosen in MUTATIONS}
    keep("planted-hub.txt", table(finds, MUTATIONS))
    small = [name for name, find in finds.items() if find is not None and find.is_small]
    assert len(small) >= SHARE * len(MUTATIONS), table(finds, MUTATIONS)


def test_every_mutation_can_be_planted():
    for chosen in MUTATIONS:
        with planted(chosen):
            pass


def test_mutations_have_names_of_their_own_and_there_are_many():
    assert len({chosen.name for chosen in MUTATIONS}) == len(MUTATIONS) >= 18
