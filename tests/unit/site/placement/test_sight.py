"""Products of who sees what: large ones are shared out among threads, and no bit depends on how many there are."""

import numpy as np
import pytest

from seamline.site.placement import sight
from seamline.site.placement.sight import Sight


def random_sight(rows, width, seed):
    """Rows of very different lengths, some of them empty."""
    draw = np.random.default_rng(seed)
    dense = draw.random((rows, width)) < draw.random((rows, 1)) ** 3
    dense[2::7] = False
    return Sight.of(dense), dense


@pytest.mark.parametrize("cores", [1, 2, 3, 4, 64, None])
@pytest.mark.parametrize(("rows", "width"), [(1, 400), (2, 300), (37, 200), (400, 3)])
def test_a_shared_out_product_is_the_product_bit_for_bit(monkeypatch, rows, width, cores):
    seen, dense = random_sight(rows, width, rows)
    values = np.random.default_rng(1).normal(size=width)
    whole = Sight(seen.starts, seen.cells, width).real_sums(values)
    monkeypatch.setattr(sight, "SHARE", 1)
    monkeypatch.setattr(sight.os, "cpu_count", lambda: cores)
    parted = Sight(seen.starts, seen.cells, width)
    assert parted.real_sums(values).tobytes() == whole.tobytes()
    assert np.allclose(whole, dense @ values)
    assert len(parted._reals) <= min(cores or 1, rows, sight.THREADS_MAX)


def test_the_parts_have_about_as_many_entries(monkeypatch):
    monkeypatch.setattr(sight, "SHARE", 1)
    monkeypatch.setattr(sight.os, "cpu_count", lambda: 2)
    seen, _ = random_sight(300, 500, 3)
    first, second = (part.nnz for part in seen._reals)
    assert first + second == len(seen.cells)
    assert abs(first - second) < 0.1 * len(seen.cells)


@pytest.mark.parametrize("rows", [0, 3])
def test_a_sight_that_sees_nothing_has_sums_of_nothing(rows):
    seen = Sight(np.zeros(rows + 1, np.int64), np.zeros(0, np.int32), 5)
    assert seen.real_sums(np.ones(5)).tolist() == [0.0] * rows


def test_a_small_product_takes_no_thread():
    seen, _ = random_sight(100, 100, 4)
    assert len(seen._reals) == 1
