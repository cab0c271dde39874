"""Which births come late is foretold as the ledger then finds it."""

from hypothesis import given, strategies as st
from tests.unit.hub.messages import birth

from seamline.hub.births import receive_birth, stale_births
from seamline.hub.inventory import DeviceLedger

NOW = 1_763_000_000_000
BIRTHS = st.lists(st.tuples(st.sampled_from([7, 8, 9]), st.integers(1, 4)), max_size=8)


@given(BIRTHS, BIRTHS)
def test_a_birth_is_stale_here_where_the_ledger_finds_it_so(before, now):
    ledger = DeviceLedger(None, {}, {})
    for incarnation, boot in before:
        ledger = receive_birth(ledger, birth(incarnation=incarnation, boot=boot), NOW).ledger
    births = [birth(incarnation=incarnation, boot=boot) for incarnation, boot in now]
    foretold = stale_births(ledger.closed, ledger.incarnation, births)
    found = []
    for one in births:
        born = receive_birth(ledger, one, NOW)
        ledger = born.ledger
        found.append(born.stale)
    assert foretold == found
