"""What a store has written is there after a power cut, whole, and errors name the folder and the remedy."""

import asyncio
import errno
import os
from pathlib import Path

import pytest
from hypothesis import given, strategies as st

from seamline.agent.store import FileStore, MemoryStore, StoreError


def test_entries_survive_the_process(tmp_path: Path) -> None:
    store = FileStore(tmp_path / "state")
    store.write_now([("c0", b"one"), ("o12", b"\x00\xff" * 9), ("c0", b"two")])
    store.close()
    again = FileStore(tmp_path / "state")
    assert again.load() == {"c0": b"two", "o12": b"\x00\xff" * 9}
    again.write_now([("o12", None), ("never", None)])
    assert again.load() == {"c0": b"two"}
    again.close()


def test_writing_in_a_thread_is_done_when_its_future_is(tmp_path: Path) -> None:
    async def act() -> None:
        store = FileStore(tmp_path)
        await store.write([("a", b"1")])
        assert store.load() == {"a": b"1"}
        store.close()

    asyncio.run(act())


@given(key=st.text(min_size=1, max_size=20), value=st.binary(max_size=200))
def test_any_key_is_a_safe_file_name(tmp_path_factory: pytest.TempPathFactory, key: str, value: bytes) -> None:
    folder = tmp_path_factory.mktemp("keys")
    store = FileStore(folder / "state")
    try:
        key.encode()
    except UnicodeEncodeError:
        return
    store.write_now([(key, value)])
    assert store.load() == {key: value}
    assert [path.name for path in folder.iterdir()] == ["state"]
    store.close()


def test_what_a_cut_left_half_written_is_removed_and_the_old_entry_stays(tmp_path: Path) -> None:
    store = FileStore(tmp_path)
    store.write_now([("c0", b"old")])
    (tmp_path / "c0.entry.tmp").write_bytes(b"ne")
    assert store.load() == {"c0": b"old"}
    assert not (tmp_path / "c0.entry.tmp").exists()
    store.close()


def test_a_full_disk_leaves_the_old_entry_and_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = FileStore(tmp_path)
    store.write_now([("c0", b"old")])

    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StoreError, match="No space left on device; free some room") as caught:
        store.write_now([("c0", b"new")])
    assert str(tmp_path) in str(caught.value)
    assert store.load() == {"c0": b"old"}
    assert sorted(path.name for path in tmp_path.iterdir()) == ["c0.entry", "lock"]
    store.close()


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StoreError, match=r"file.*cannot be opened"):
        FileStore(tmp_path / "file" / "state")


def test_two_agents_cannot_share_a_state(tmp_path: Path) -> None:
    first = FileStore(tmp_path)
    with pytest.raises(StoreError, match="in use by another agent"):
        FileStore(tmp_path)
    first.close()
    FileStore(tmp_path).close()


def test_a_memory_store_keeps_what_it_was_given_until_it_is_erased() -> None:
    store = MemoryStore()
    store.write([("a", b"1"), ("b", b"2"), ("a", None)])
    taken = store.load()
    assert taken == {"b": b"2"}
    store.erase()
    assert store.load() == {}
    assert taken == {"b": b"2"}
