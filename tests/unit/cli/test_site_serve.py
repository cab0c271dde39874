"""`seamline site serve`: what is refused before anything is served, and what is said when it is."""

import socket
import webbrowser
from pathlib import Path

import pytest

from seamline.cli import exits, main
from seamline.planner import server

YARD = Path(__file__).parents[3] / "examples" / "sites" / "yard"


def test_a_plan_that_does_not_hold_is_refused_with_its_problems(tmp_path, capsys):
    (tmp_path / "plan.yaml").write_text("format: 1\n")
    assert main(["site", "serve", str(tmp_path)]) == exits.PROMISE_BROKEN
    assert "plan.yaml:1:1" in capsys.readouterr().err


def test_a_port_that_is_taken_is_refused_with_the_remedy(capsys):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        assert main(["site", "serve", str(YARD), "--port", str(taken.getsockname()[1])]) == exits.BAD_INSTALLATION
    assert "--port" in capsys.readouterr().err


@pytest.mark.parametrize("opened", [False, True])
def test_it_says_where_it_is_and_opens_the_browser_when_asked(monkeypatch, capsys, opened):
    served, shown = [], []

    def interrupted(path, listener):
        served.append((path, listener.getsockname()))
        listener.close()
        raise KeyboardInterrupt

    monkeypatch.setattr(server, "run", interrupted)
    monkeypatch.setattr(webbrowser, "open", shown.append)
    assert main(["site", "serve", str(YARD), "--port", "0", *(["--open"] if opened else [])]) == exits.OK
    ((path, (host, port)),) = served
    assert (path, host) == (YARD / "plan.yaml", "127.0.0.1")
    assert f"http://127.0.0.1:{port}/" in capsys.readouterr().out
    assert shown == ([f"http://127.0.0.1:{port}/"] if opened else [])
