"""Whatever is given as a hub's address, and whatever answers there: one line that says what to do, and never a traceback."""

import contextlib
import io
import socket
import threading

import pytest
from hypothesis import given, strategies as st

from seamline.cli import exits, main


@contextlib.contextmanager
def answering(reply):
    """Serve the same bytes to one connection, as they are; yields the address."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve():
            peer, _ = listener.accept()
            with peer:
                peer.recv(65_536)
                peer.sendall(reply)

        thread = threading.Thread(target=serve)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        thread.join()


@pytest.mark.parametrize(
    "url",
    [
        "nowhere", "ftp://hub.example", "file:///etc/passwd", "http://", "http:///api", "http://[::1", "http://h:port", "http://h:99999",
        "http://h:-1", "http://h:0", "http://a b", "http://h/\n", "http://\x00h", "https://:8080", "//hub.example", "http://h\x7f",
    ],
)  # fmt: skip
def test_what_is_no_address_is_refused_before_anything_is_asked(url, capsys):
    assert main(["devices", "--url", url]) == exits.WRONG_USE
    assert capsys.readouterr() == ("", f"seamline: {url!r} is no address of a hub: write it like http://127.0.0.1:8080\n")


@given(st.text(max_size=30))
def test_no_text_as_an_address_ends_in_anything_but_a_refusal(text):
    text = text.replace("//", "/")  # never a host: nothing is to be asked in the world
    with contextlib.redirect_stderr(io.StringIO()):
        assert main(["devices", f"--url=http:/{text.lstrip('/')}"]) == exits.WRONG_USE


@pytest.mark.parametrize(
    "reply",
    [
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"HTTP/1.1 200 OK\r\n\r\n<html>router</html>",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 200 OK\r\n\r\n" + b"[" * 100_000,
        b"HTTP/1.1 200 OK\r\n\r\n\xff\xfe{",
        b"HTTP/1.1 200 OK\r\n\r\n[1]",
        b'HTTP/1.1 200 OK\r\n\r\n"hello"',
        b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc",
    ],
    ids=["ssh", "page", "broken chunks", "depths", "no text", "list", "string", "cut short"],
)
def test_what_answers_but_is_no_hub_is_named_so(reply, capsys):
    with answering(reply) as url:
        assert main(["devices", "--url", url]) == exits.UNREACHABLE
    assert capsys.readouterr() == ("", f"seamline: what answers at {url} is no Seamline hub: say where it is with --url\n")


def test_a_connection_that_is_closed_without_an_answer_is_no_answer(capsys):
    with answering(b"") as url:
        assert main(["devices", "--url", url]) == exits.UNREACHABLE
    assert f"no answer from the hub at {url} (" in capsys.readouterr().err


def test_a_hub_never_sends_the_command_to_a_file(capsys):
    with answering(b"HTTP/1.1 302 Found\r\nLocation: file:///etc/passwd\r\nContent-Length: 0\r\n\r\n") as url:
        assert main(["devices", "--url", url]) == exits.UNREACHABLE
    assert capsys.readouterr() == ("", "seamline: HTTP status 302\n")


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (400, exits.WRONG_USE), (404, exits.PROMISE_BROKEN), (409, exits.WRONG_USE), (422, exits.WRONG_USE), (401, exits.UNREACHABLE),
        (429, exits.UNREACHABLE), (500, exits.UNREACHABLE), (503, exits.UNREACHABLE),
    ],
)  # fmt: skip
def test_each_status_has_its_exit_code_and_the_hubs_own_words(status, code, hub, capsys):
    hub.answers["/api/fleet"] = (status, {"title": "No", "detail": "It is so.", "remedy": "Do this."})
    assert main(["devices"]) == code
    assert capsys.readouterr() == ("", "seamline: It is so: Do this\n")


def test_a_page_that_is_not_there_may_be_another_versions_hub(hub, capsys):
    hub.answers["/api/fleet"] = (404, b"nope")
    assert main(["devices"]) == exits.PROMISE_BROKEN
    assert f"what answers at {hub.url} knows no such page: is it this version's hub?" in capsys.readouterr().err


def test_a_title_stands_in_for_a_missing_detail(hub, capsys):
    hub.answers["/api/fleet"] = (503, {"title": "Database away"})
    main(["devices"])
    assert capsys.readouterr().err == "seamline: Database away\n"


@pytest.mark.parametrize("name", ["a/b", "../fleet", "a?b", "a b", "é", "%2F"])
def test_a_name_is_one_part_of_the_path_whatever_it_holds(name, hub, capsys):
    main(["ledger", name])
    ((path, query),) = hub.asked
    assert path.count("/") == 4, "the name adds no part of its own"
    assert query == {}


def test_slashes_at_the_addresss_end_do_no_harm(hub, capsys):
    hub.answers["/api/fleet"] = (200, {"rows": [], "total": 0})
    assert main(["devices", "--url", f"{hub.url}//"]) == exits.OK


def test_the_option_goes_over_the_variable(hub, monkeypatch, capsys):
    hub.answers["/api/fleet"] = (200, {"rows": [], "total": 0})
    monkeypatch.setenv("SEAMLINE_URL", "http://127.0.0.1:1")
    assert main(["devices", "--url", hub.url]) == exits.OK
    assert main(["devices"]) == exits.UNREACHABLE


@pytest.mark.parametrize("text", ["[]", "{}", '{"url": 7}', "\xff", '{"url": "ftp://x"}'])
def test_a_run_file_that_names_no_hub_is_a_refusal_that_names_it(text, tmp_path, monkeypatch, capsys):
    monkeypatch.delenv("SEAMLINE_URL", raising=False)
    (tmp_path / "run.json").write_bytes(text.encode("latin-1"))
    assert main(["devices", "--state", str(tmp_path)]) in {exits.UNREACHABLE, exits.WRONG_USE}
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert str(tmp_path) in said or "ftp://x" in said


def test_a_run_file_that_may_not_be_read_is_a_refusal(tmp_path, monkeypatch, capsys):
    monkeypatch.delenv("SEAMLINE_URL", raising=False)
    (tmp_path / "run.json").mkdir()
    assert main(["devices", "--state", str(tmp_path)]) == exits.UNREACHABLE
    assert "run.json cannot be read (" in capsys.readouterr().err


def test_a_loopback_hub_is_never_asked_through_a_proxy(hub, monkeypatch):
    hub.answers["/api/fleet"] = (200, {"rows": [], "total": 0})
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    assert main(["devices"]) == exits.OK


def test_ctrl_c_has_its_own_exit_code(hub, monkeypatch):
    def interrupted(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr("seamline.cli.fleet.ask", interrupted)
    assert main(["devices"]) == exits.INTERRUPTED


def test_a_refusal_that_points_to_the_apis_document_points_to_the_commands_help_here(capsys):
    body = b'{"title": "Invalid request", "status": 422, "detail": "query.q: too long", "remedy": "See /api/openapi.json."}'
    head = b"HTTP/1.1 422 X\r\nContent-Type: application/problem+json\r\nContent-Length: %d\r\n\r\n" % len(body)
    with answering(head + body) as url:
        assert main(["devices", "--url", url]) == exits.WRONG_USE
    assert capsys.readouterr().err == "seamline: query.q: too long: the command's `--help` says what it takes\n"
