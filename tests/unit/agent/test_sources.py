"""Where readings come from: the last line of a command or a file, each line of stdin; what gives nothing says why."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from hypothesis import given, strategies as st

from seamline.agent import sources
from seamline.agent.sources import LINE_BYTES_MAX, CommandSampler, FileSampler, SourceError, stdin_lines


def command(text: str, timeout_s: float = 30.0) -> str:
    return asyncio.run(CommandSampler(text).sample(timeout_s))


def file(path: Path) -> str:
    return asyncio.run(FileSampler(path).sample(1.0))


def test_the_last_line_that_says_something_is_the_reading() -> None:
    assert command("printf 'warming up\\n{\"a\": 1}\\n\\n  \\n'") == '{"a": 1}'
    assert command("printf '{\"a\": 2}'") == '{"a": 2}', "a line needs no end"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("exit 3", "the command ended with exit code 3"),
        ("echo fine; exit 1", "the command ended with exit code 1"),
        ("/nonexistent/program 2> /dev/null", "the command ended with exit code 127"),
        ("true", "the command printed nothing"),
        ("printf '\\n \\n'", "the command printed nothing"),
        ("kill -9 $$", "the command ended with exit code -9"),
    ],
)
def test_a_command_that_gives_nothing_says_why(text: str, why: str) -> None:
    with pytest.raises(SourceError) as caught:
        command(text)
    assert str(caught.value) == why


def test_a_command_that_is_not_done_in_its_period_is_stopped_with_its_children(tmp_path: Path) -> None:
    alive = tmp_path / "alive"
    os.mkfifo(alive)
    reader = os.open(alive, os.O_RDONLY | os.O_NONBLOCK)
    with pytest.raises(SourceError, match=r"took longer than its period of 0\.2 s and was stopped"):
        command(f"sleep 600 > '{alive}' & sleep 600 > '{alive}'", 0.2)
    os.set_blocking(reader, True)
    assert os.read(reader, 1) == b"", "nobody is left who holds the pipe"
    os.close(reader)


def test_children_in_the_background_that_keep_the_output_open_are_stopped_too(tmp_path: Path) -> None:
    alive = tmp_path / "alive"
    os.mkfifo(alive)
    reader = os.open(alive, os.O_RDONLY | os.O_NONBLOCK)
    with pytest.raises(SourceError, match="was stopped"):
        command(f"sleep 600 3> '{alive}' & echo 1", 0.2)
    os.set_blocking(reader, True)
    assert os.read(reader, 1) == b"", "nobody is left who holds the pipe"
    os.close(reader)


def test_a_command_that_cannot_be_started_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    async def none(*_command: object, **_options: object) -> None:
        raise BlockingIOError(11, "Resource temporarily unavailable")

    monkeypatch.setattr(asyncio, "create_subprocess_shell", none)
    with pytest.raises(SourceError, match="the command cannot be started: Resource temporarily unavailable"):
        command("echo 1")


def test_a_command_reads_nothing_from_the_nodes_own_input() -> None:
    assert command("cat; echo done") == "done"


def test_a_command_that_prints_without_end_is_read_to_its_last_line_and_fills_no_memory() -> None:
    assert command("yes 0123456789 | head -c 3000000; echo; echo last") == "last"


def test_bytes_that_are_no_text_become_a_line_that_is_no_json() -> None:
    assert command("printf '\\377\\376{}\\n'") == "��{}"


def test_a_file_gives_its_last_line_as_it_is_now(tmp_path: Path) -> None:
    path = tmp_path / "readings"
    path.write_text('{"a": 1}\n{"a": 2}\n')
    assert file(path) == '{"a": 2}'
    with path.open("a") as more:
        more.write('{"a": 3}')
    assert file(path) == '{"a": 3}'


def test_a_file_that_gives_nothing_says_why(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="readings: No such file or directory"):
        file(tmp_path / "readings")
    with pytest.raises(SourceError, match="Is a directory"):
        file(tmp_path)
    (tmp_path / "readings").write_text("\n\n")
    with pytest.raises(SourceError, match="readings holds nothing"):
        file(tmp_path / "readings")


def test_only_the_end_of_a_large_file_is_read(tmp_path: Path) -> None:
    path = tmp_path / "readings"
    with path.open("wb") as large:
        large.truncate(1 << 32)  # a hole: 4 GiB that take no room
        large.seek(0, os.SEEK_END)
        large.write(b'\n{"a": 1}\n')
    assert file(path) == '{"a": 1}'


@given(st.binary(max_size=300))
def test_any_bytes_are_a_line_or_a_reason(data: bytes) -> None:
    if data.decode("utf-8", "replace").strip():
        line = sources._last_line(data, "it says")
        assert line == line.strip() != ""
    else:
        with pytest.raises(SourceError, match=r"^it says nothing$"):
            sources._last_line(data, "it says")


async def gathered(lines: AsyncIterator[str]) -> list[str]:
    return [line async for line in lines]


def write_all(handle: int, content: bytes) -> None:
    with os.fdopen(handle, "wb") as pipe:
        pipe.write(content)


def read_stdin(monkeypatch: pytest.MonkeyPatch, content: bytes, *, through_pipe: bool, tmp_path: Path) -> list[str]:
    async def run() -> list[str]:
        if not through_pipe:
            path = tmp_path / "input"
            path.write_bytes(content)
            with path.open() as stream:
                monkeypatch.setattr(sys, "stdin", stream)
                return await gathered(stdin_lines())
        read, write = os.pipe()
        with os.fdopen(read) as stream:
            monkeypatch.setattr(sys, "stdin", stream)
            async with asyncio.TaskGroup() as tasks:
                reading = tasks.create_task(gathered(stdin_lines()))
                await asyncio.to_thread(write_all, write, content)
            return reading.result()

    return asyncio.run(run())


@pytest.mark.parametrize("through_pipe", [True, False], ids=["pipe", "file"])
def test_each_line_of_stdin_that_says_something_is_a_reading(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, through_pipe: bool
) -> None:
    content = b'{"a": 1}\n\n  \n{"a": 2}\r\n{"a": 3}'
    assert read_stdin(monkeypatch, content, through_pipe=through_pipe, tmp_path=tmp_path) == ['{"a": 1}', '{"a": 2}', '{"a": 3}']


@pytest.mark.parametrize("through_pipe", [True, False], ids=["pipe", "file"])
def test_a_line_without_end_is_cut_and_the_next_one_is_whole(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, through_pipe: bool
) -> None:
    content = b"x" * (3 * LINE_BYTES_MAX) + b'\n{"a": 1}\n'
    lines = read_stdin(monkeypatch, content, through_pipe=through_pipe, tmp_path=tmp_path)
    assert lines[-1] == '{"a": 1}'
    assert "".join(lines[:-1]) == "x" * (3 * LINE_BYTES_MAX)
    assert all(len(line) <= 2 * LINE_BYTES_MAX for line in lines)
