"""Bad input is kept with its reason, acknowledged where it is custody, and never in the way of what is good."""

import random
import shutil
from unittest.mock import patch

import pytest
from tests.integration.hub.harness import birth, frame, header, layout, now_ms, on_hub, said

from seamline.hub.ingest import evidence, work
from seamline.hub.ingest.catalogue import Catalogue
from seamline.hub.steps.redate import redate
from seamline.hub.steps.release import release


def reasons(hub):
    return hub.rows("SELECT reason, counted, first, count FROM quarantine ORDER BY id")


DAMAGED = {
    "truncated": lambda of: frame(of, 0)[:-3],
    "truncated, aligned": lambda of: frame(of, 0, [{}, {}])[:-8],
    "oversized": lambda of: frame(of, 0) + bytes(8),
    "oversized, far": lambda of: header(of, first=0, count=4097) + bytes(4097 * 16),
    "malformed": lambda of: header(of, first=0, count=0),
    "malformed, at the end of sequences": lambda of: header(of, first=2**32 - 1, count=2) + bytes(32),
    "malformed, no boot": lambda of: frame(of, 0, boot=0),
    "version": lambda of: frame(of, 0, version=2),
    "crc": lambda of: frame(of, 0, flags=0x10)[:-1] + b"\0",
}


@pytest.mark.parametrize("kind", DAMAGED)
def test_a_damaged_frame_is_evidence_and_the_good_one_behind_it_is_stored(hub, kind):
    @on_hub
    async def check(hub):
        of = layout(hub.family)
        hub.data(DAMAGED[kind](of), frame(of, 0))
        await hub.settled()
        ((reason, counted, first, _),) = reasons(hub)
        assert (reason, counted, first) == (kind.partition(",")[0], False, None)
        assert hub.ledger()[3:5] == (1, 0)

    check(hub)


@on_hub
async def test_what_is_no_frame_is_counted_and_sampled(hub):
    hub.data(b"", b"hello", bytes(64), frame(layout(hub.family), 0))
    hub.send("probe", b"{}")
    hub.send("birth", b"\xff\xfe")
    hub.send("nonsense", b"1")
    await hub.settled()
    assert hub.rows("SELECT reason, count FROM refused ORDER BY reason") == [
        ("birth-not_utf8", 1),
        ("no-frame", 3),
        ("probe-missing_member", 1),
        ("unknown-unknown_kind", 1),
    ]
    assert hub.one("SELECT sample FROM refused WHERE reason = 'no-frame'") == bytes(64)
    assert reasons(hub) == []
    assert hub.ledger()[3] == 1


@on_hub
async def test_an_unknown_incompatible_flag_is_custody(hub):
    hub.data(frame(layout(hub.family), 0, [{}, {}])[:1] + b"\x20" + frame(layout(hub.family), 0, [{}, {}])[2:])
    await hub.settled()
    assert reasons(hub) == [("flags", True, 0, 2)]
    assert hub.ledger() == (2, 2, [], 0, 2, 0, 0, 0)
    assert hub.marks() == {(1, 1): 2}


@on_hub
async def test_an_unknown_compatible_flag_is_ignored_and_a_right_checksum_accepted(hub):
    of = layout(hub.family)
    hub.data(frame(of, 0, flags=0x0E), frame(of, 1, [{}, {}], flags=0x10))
    await hub.settled()
    assert hub.ledger()[3] == 3


@on_hub
async def test_a_value_that_cannot_be_is_quarantined_alone(hub):
    of = layout(hub.family)
    records = [{}, {}, {}, {}]
    raw = bytearray(frame(of, 0, records))
    raw[32 + 16 + 8 : 32 + 16 + 10] = b"\xff\xff"  # power of the second record
    raw[32 + 32 + 10] = 9  # mode of the third
    hub.data(bytes(raw))
    await hub.settled()
    assert reasons(hub) == [("out_of_range", True, 1, 2)]
    assert hub.one("SELECT detail FROM quarantine") == "power is 65535, allowed are 0 to 30000"
    assert hub.ledger() == (4, 4, [], 2, 2, 0, 0, 0)
    assert hub.rows("SELECT seq FROM r_heater_reading ORDER BY seq") == [(0,), (3,)]


@on_hub
async def test_another_products_frames_are_not_mixed_in(hub):
    of = layout(hub.family)
    hub.data(frame(of, 0))
    hub.send("birth", birth(contract="kettle/1.0.0"))
    hub.data(frame(of, 1))
    await hub.settled()
    hub.data(frame(of, 2))
    await hub.settled()
    assert reasons(hub) == [("wrong-product", True, 1, 1), ("wrong-product", True, 2, 1)]
    assert hub.ledger() == (3, 3, [], 1, 2, 0, 0, 0)
    assert hub.rows("SELECT kind, detail ->> 'contract' FROM event") == [("unregistered-contract", "kettle/1.0.0")]


@on_hub
async def test_the_same_key_with_other_bytes_is_a_conflict_and_the_first_stays(hub):
    of = layout(hub.family)
    hub.data(frame(of, 0, [{"power": 1}, {"power": 2}, {"power": 3}]))
    await hub.settled()
    hub.data(frame(of, 0, [{"power": 1}, {"power": 9}, {"power": 3}]), frame(of, 0, [{"power": 1}, {"power": 9}, {"power": 3}]))
    await hub.settled()
    assert reasons(hub) == [("conflict", False, 1, 1)]
    assert hub.rows("SELECT power FROM r_heater_reading ORDER BY seq") == [(1,), (2,), (3,)]
    assert hub.ledger() == (3, 3, [], 3, 0, 0, 0, 6)


@on_hub
async def test_a_record_framed_differently_is_no_conflict(hub):
    of = layout(hub.family)
    hub.data(frame(of, 0, [{"power": 1}, {"power": 2}, {"power": 3}], uptime_ms=500))
    hub.data(frame(of, 1, [{"power": 2}], uptime_ms=510), frame(of, 2, [{"power": 3}], uptime_ms=520, flags=0x10))
    await hub.settled()
    assert reasons(hub) == []
    assert hub.ledger()[7] == 2


@on_hub
async def test_a_conflict_within_one_batch_is_seen(hub):
    of = layout(hub.family)
    hub.data(frame(of, 0, [{"power": 1}]), frame(of, 0, [{"power": 2}]))
    await hub.settled()
    assert reasons(hub) == [("conflict", False, 0, 1)]


@on_hub
async def test_what_comes_after_its_loss_was_declared_is_kept_as_late(hub):
    of = layout(hub.family)
    hub.send("birth", birth())
    hub.data(frame(of, 0))
    hub.send("birth", birth(boot=2, ended=[[1, 1, 1, 3]], uptime_ms=5))
    hub.data(frame(of, 1))
    await hub.settled()
    assert reasons(hub) == [("closed-boot", False, 1, 1)]
    assert hub.marks()[1, 1] == 2


@on_hub
async def test_a_duplicate_of_a_closed_boot_is_no_evidence(hub):
    of = layout(hub.family)
    hub.data(frame(of, 0))
    hub.send("birth", birth(boot=2, ended=[[1, 1, 1, 1]], uptime_ms=5))
    hub.data(frame(of, 0))
    await hub.settled()
    assert reasons(hub) == []


@on_hub
async def test_evidence_of_one_device_is_bounded(hub):
    of = layout(hub.family)
    with patch.object(evidence, "EVIDENCE_MAX", 10):
        hub.data(*(frame(of, at)[:-3] for at in range(30)))
        await hub.settled()
    assert len(reasons(hub)) == 10
    assert hub.one("SELECT count FROM refused WHERE reason = 'truncated'") == 20


def test_an_unregistered_layout_is_custody_and_decoded_once_it_is_registered(hub, heater, tmp_path):
    old = tmp_path / "heater"
    shutil.copytree(heater, old)
    shutil.copy(next((old / "released").glob("1.2*")), old / "contract.yaml")
    for released in (old / "released").glob("1.3*"):
        released.unlink()
    hub.folders = (heater,)

    @on_hub
    async def check(hub):
        of = layout(hub.family)
        await hub.stop()
        registered, hub.families = hub.families, hub.families[:0]
        await hub.start()
        raw = bytearray(frame(of, 1, [{"power": 5}] * 3, uptime_ms=2_000))
        raw[32 + 16 + 8 : 32 + 16 + 10] = b"\xff\xff"
        hub.send("birth", birth())
        hub.send("anchor", said(at_ms=500, unix_ms=now_ms() - 60_000, source="ntp", uncertainty_ms=20, uptime_ms=60_500))
        hub.data(frame(of, 0, [{"power": 4}]), bytes(raw), frame(of, 0, [{"power": 4}]))
        await hub.settled()
        assert reasons(hub) == [("unregistered", True, 0, 1), ("unregistered", True, 1, 3)]
        assert hub.ledger() == (4, 4, [], 0, 4, 0, 0, 1)
        assert hub.marks() == {(1, 1): 4}
        async with hub.stores() as (worker, ingest):
            catalogue = Catalogue(registered)
            assert await release(worker, ingest, catalogue) == 2
            assert await release(worker, ingest, catalogue) == 0
            await redate(worker, ingest, catalogue)
        assert hub.ledger() == (4, 4, [], 3, 1, 0, 0, 1)
        assert hub.rows("SELECT seq, power, quality FROM r_heater_reading ORDER BY seq") == [(0, 4, 2), (1, 5, 2), (3, 5, 2)]
        assert hub.rows("SELECT reason, first, count FROM quarantine WHERE resolved_at IS NULL") == [("out_of_range", 2, 1)]
        await hub.stop()
        hub.families = registered
        await hub.start()
        hub.data(frame(of, 0, [{"power": 4}]), frame(of, 4))
        await hub.settled()
        assert hub.ledger() == (5, 5, [], 4, 1, 0, 0, 2)
        assert hub.balanced()

    check(hub)


@on_hub
async def test_a_frame_our_own_code_fails_on_is_isolated_and_all_others_are_stored(hub):
    of = layout(hub.family)
    original = work._rows

    async def fails(parts, judged):
        for group in judged.groups:
            if (group.fields["power"] == 666).any() if "power" in group.fields.dtype.names else False:
                raise ZeroDivisionError("a fault of ours")
        await original(parts, judged)

    with patch.object(work, "_rows", fails):
        hub.data(*(frame(of, at, [{"power": 666 if at == 37 else at}]) for at in range(60)))
        hub.data(*(frame(of, at) for at in range(5)), device="other")
        await hub.settled()
    assert reasons(hub) == [("poison", True, 37, 1)]
    assert hub.ledger() == (60, 60, [], 59, 1, 0, 0, 0)
    assert hub.one("SELECT count(*) FROM r_heater_reading") == 64
    assert hub.marks() == {(1, 1): 60}


@on_hub
async def test_a_control_message_our_own_code_fails_on_is_isolated(hub):
    with patch("seamline.hub.ingest.sessions.Sessions._session", side_effect=ZeroDivisionError("a fault of ours")):
        hub.send("birth", birth())
        hub.data(frame(layout(hub.family), 0))
        await hub.settled()
    assert [row[:2] for row in reasons(hub)] == [("poison", False)]
    assert hub.ledger()[3] == 1


@on_hub
async def test_random_bytes_never_stop_the_next_good_frame(hub):
    dice = random.Random(3)
    of = layout(hub.family)
    kinds = ("data", "data", "data", "birth", "death", "anchor", "probe", "twin")
    good = frame(of, 0, [{}, {}], flags=0x10)
    for round_ in range(20):
        for _ in range(100):
            noise = dice.randbytes(dice.choice((0, 1, 31, 32, 40, 64, 200)))
            torn = bytearray(good)
            for _ in range(dice.randint(1, 4)):
                torn[dice.randrange(len(torn))] = dice.randrange(256)
            hub.send(dice.choice(kinds), noise, device="noisy")
            hub.data(bytes(torn), b"\xa1" + noise, device="noisy")
        hub.data(frame(of, round_))
        await hub.settled()
        assert hub.ledger()[3] == round_ + 1
    assert hub.rows("SELECT * FROM quarantine WHERE reason = 'poison'") == []
