"""The bands of a chart lie where records are missing, and over no reading that is stored."""

from random import Random

import pytest

STEP = 10_000


def reading(seq, at, boot=1):
    return {"incarnation": 1, "boot": boot, "seq": seq, "measured_ms": at, "arrival_ms": at + 5}


def run(seqs, begin=0, boot=1):
    return [reading(seq, begin + seq * STEP, boot) for seq in seqs]


def lost(first, count, boot=1, cls="lost"):
    return {"incarnation": 1, "boot": boot, "first": first, "count": count, "cls": cls}


def ends(gaps):
    return [(gap["cls"], gap["from"], gap["to"]) for gap in gaps]


@pytest.mark.parametrize(
    ("missing", "rows", "gaps"),
    [
        pytest.param(
            [lost(3, 2)], run([0, 1, 2, 5, 6]), [("lost", 25_000, 45_000)], id="between its neighbours, half a step off each"
        ),
        pytest.param(
            [lost(3, 2), lost(5, 1, cls="quarantined")],
            run([2, 6]),
            [("lost", 25_000, 45_000), ("quarantined", 45_000, 55_000)],
            id="beside each other, not over each other",
        ),
        pytest.param(
            [lost(3, 9)], [*run([0, 1, 2]), *run([0, 1], 70_000, 2)], [("lost", 20_000, 70_000)], id="up to the next boot"
        ),
        pytest.param(
            [lost(0, 4, 2)], [*run([0, 1]), *run([4, 5], 50_000, 2)], [("lost", 10_000, 90_000)], id="from the boot before"
        ),
        pytest.param([lost(3, 9)], run([0, 1, 2]), [("lost", 20_000, None)], id="open where nothing came since"),
        pytest.param([lost(0, 3)], run([3, 4]), [("lost", None, 30_000)], id="open where nothing came before"),
        pytest.param([lost(3, 2, 9)], run([0, 1]), [], id="of a boot that the window does not show"),
        pytest.param(
            [lost(1, 4)],
            [*run([0, 5]), reading(0, 22_000, 2)],
            [("lost", 5_000, 22_000), ("lost", 22_000, 45_000)],
            id="cut where another boot has a reading",
        ),
    ],
)
def test_a_gap_is_where_the_missing_records_were(typescript, missing, rows, gaps):
    (found,) = typescript("gaps.ts", "gapsOf", [[missing, rows]])
    assert ends(found) == gaps


def test_no_gap_ever_holds_the_date_of_a_stored_reading(typescript):
    draw = Random(5)  # fleets of boots whose dates overlap, as dates by arrival may
    calls = []
    for _ in range(150):
        rows, missing = [], []
        for boot in range(1, draw.randint(2, 4)):
            begin, gone = draw.randint(0, 300_000), {draw.randint(0, 24) for _ in range(6)}
            rows += [reading(seq, begin + seq * STEP + draw.randint(-9_000, 9_000), boot) for seq in range(25) if seq not in gone]
            missing += [lost(seq, 1, boot) for seq in sorted(gone)] + [lost(25, 4, boot)]
        draw.shuffle(rows)
        calls.append([missing, rows])
    for (missing, rows), gaps in zip(calls, typescript("gaps.ts", "gapsOf", calls), strict=True):
        dates = [row["measured_ms"] for row in rows]
        assert len(gaps) >= len(missing)
        for gap in gaps:
            low, high = (edge if edge is not None else side for edge, side in ((gap["from"], -1e12), (gap["to"], 1e12)))
            assert not [date for date in dates if low < date < high]
