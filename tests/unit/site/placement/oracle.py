"""Placement by trying everything: small problems, drawn at random, and every choice that the rules allow."""

from itertools import combinations

import numpy as np
from hypothesis import strategies as st

from seamline.site.placement import Effort, Group, Problem, Sight

QUICK = Effort(relax_steps=240, search_rounds=6)


@st.composite
def problems(draw, *, links=True, lightest=0):
    candidates, cells = draw(st.integers(1, 7)), draw(st.integers(1, 9))
    sees = np.array(
        draw(st.lists(st.lists(st.booleans(), min_size=cells, max_size=cells), min_size=candidates, max_size=candidates))
    )
    order = draw(st.permutations(range(candidates)))
    standing, barred = draw(st.integers(0, 1)), draw(st.integers(0, 1))
    groups = (
        draw(st.lists(st.tuples(st.sets(st.sampled_from(order), min_size=2, max_size=4), st.integers(1, 2)), max_size=2))
        if candidates > 1
        else []
    )
    linked = {}
    if links and candidates > 2 and draw(st.booleans()):
        gateways = tuple(sorted(order[-draw(st.integers(1, 2)) :]))
        linked = dict.fromkeys(sorted(draw(st.sets(st.sampled_from(order[:-2]), max_size=3))), gateways)
    return Problem(
        Sight.of(sees),
        need=np.array(draw(st.lists(st.sampled_from([0, 1, 1, 1, 2, 3]), min_size=cells, max_size=cells))),
        weight=np.array(draw(st.lists(st.integers(lightest, 5), min_size=cells, max_size=cells))),
        cost=np.array(
            draw(st.one_of(st.just([]), st.lists(st.sampled_from([0, 100, 150, 275]), min_size=candidates, max_size=candidates))),
            int,
        ),
        existing=tuple(order[:standing]),
        barred=dict.fromkeys(order[standing : standing + barred], "no power"),
        groups=tuple(group_of(draw, tuple(sorted(members)), room, set(order[:standing])) for members, room in groups),
        links=linked,
    )


def group_of(draw, members, room, standing):
    """Members that count as one each, or take amounts of something that there is more of; what stands there fits."""
    if draw(st.booleans()):
        return Group(members, room)
    takes = tuple(draw(st.lists(st.integers(0, 9), min_size=len(members), max_size=len(members))))
    made = Group(members, 0, takes=takes)
    return Group(members, made.taken(standing) + draw(st.integers(0, 14)), takes=takes)


def choices(problem, count=None, budget=None):
    """Every choice within the rules."""
    found = []
    free = [one for one in range(len(problem.sees)) if one not in problem.existing and one not in problem.barred]
    for size in range(len(free) + 1):
        for chosen in combinations(free, size):
            everyone = {*chosen, *problem.existing}
            if (
                (count is None or size <= count)
                and (budget is None or cost(problem, chosen) <= budget)
                and all(group.taken(everyone) <= group.at_most for group in problem.groups)
                and all(everyone & set(others) for one, others in problem.links.items() if one in chosen)
            ):
                found.append(chosen)
    return found


def cost(problem, chosen):
    return int(problem.cost[list(chosen)].sum())


def counts(problem, chosen):
    return problem.sees.seen_by([*problem.existing, *chosen])


def met(problem, chosen):
    return np.minimum(problem.need, counts(problem, chosen))


def worth(problem, chosen):
    return problem.worth(counts(problem, chosen))
