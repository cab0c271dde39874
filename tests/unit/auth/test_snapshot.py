"""The identity file: whole or not at all, and every damage named by its line."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from seamline.hub.auth.snapshot import Identity, IdentityState, SnapshotError, read_snapshot, write_snapshot

identities = st.builds(
    Identity,
    id=st.from_regex(r"[A-Za-z0-9_-]{1,64}", fullmatch=True),
    product=st.text(max_size=20),
    state=st.sampled_from(IdentityState),
    key=st.binary(min_size=32, max_size=32).map(bytes.hex),
)


@given(st.lists(identities, max_size=20, unique_by=lambda one: one.id))
def test_what_is_written_is_read(tmp_path_factory, known):
    path = tmp_path_factory.mktemp("snapshot") / "identities.jsonl"
    write_snapshot(path, known)
    assert read_snapshot(path) == {one.id: one for one in known}
    assert path.stat().st_mode & 0o777 == 0o600
    assert [one.name for one in path.parent.iterdir()] == ["identities.jsonl"]


def test_a_file_that_is_not_there_yet_holds_nobody(tmp_path):
    assert read_snapshot(tmp_path / "none") == {}


@pytest.mark.parametrize(
    "line",
    [
        "{",
        "[]",
        "1",
        "",
        '{"id": "x"}',
        '{"id": "a b", "product": "p", "state": "active", "key": "00"}',
        '{"id": "ab", "product": "p", "state": "asleep", "key": "00"}',
        '{"id": "ab", "product": 1, "state": "active", "key": "00"}',
    ],
)
def test_a_damaged_line_is_named(tmp_path, line):
    path = tmp_path / "identities.jsonl"
    path.write_text('{"id": "ok", "product": "p", "state": "active", "key": "00"}\n' + line + "\n")
    with pytest.raises(SnapshotError, match=rf"{path}:2: not an identity"):
        read_snapshot(path)


def test_a_failed_write_leaves_what_was_there(tmp_path):
    path = tmp_path / "identities.jsonl"
    write_snapshot(path, [Identity("a", "p", IdentityState.ACTIVE, "00")])

    def breaking():
        yield Identity("b", "p", IdentityState.ACTIVE, "00")
        raise OSError("the disk is gone")

    with pytest.raises(OSError, match="the disk is gone"):
        write_snapshot(path, breaking())
    assert list(read_snapshot(path)) == ["a"]
    assert len(list(tmp_path.iterdir())) == 1
