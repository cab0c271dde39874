"""A share is the same figure on the pages, on the drawings and on the command line."""

from math import nextafter
from random import Random

import pytest

from seamline.shares import percent
from seamline.site.documents.blind import share_text

DRAW = Random(11)
SHARES = [
    *(0.0, 1.0, 0.29, 0.57, 0.652, 0.6525, 0.65299, 0.9996, 0.99999, 1 / 3, 4817 / 5934),
    *(tenth / 1000 for tenth in range(1001)),
    *(nextafter(tenth / 1000, 1) for tenth in range(0, 1000, 7)),
    *(DRAW.randint(0, cells) / cells for cells in (DRAW.randint(1, 20_000) for _ in range(1_000))),
]


def test_pages_drawings_and_command_line_say_the_same_of_every_share(typescript):
    said = typescript("figures.ts", "percent", [[share] for share in SHARES])
    assert [text.replace(" ", "") for text in said] == [percent(share) for share in SHARES]
    assert [share_text(share) for share in SHARES] == [percent(share).replace(".0%", "%").replace("%", " %") for share in SHARES]


@pytest.mark.parametrize(
    ("share", "said"), [(0.29, "29.0%"), (0.6525, "65.2%"), (0.99999, "99.9%"), (0.9499, "94.9%"), (1.0, "100.0%"), (0.0, "0.0%")]
)
def test_a_share_is_rounded_down_so_that_100_percent_is_all_of_it(share, said):
    assert percent(share) == said
