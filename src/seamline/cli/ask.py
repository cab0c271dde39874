"""Questions to a running hub over HTTP: where it is, what it answers, and what its refusals mean here."""

from __future__ import annotations

import argparse
import http.client
import json
import os
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import Final, cast
from urllib.parse import quote, urlencode, urlsplit

from seamline.cli.answer import Answer
from seamline.cli.exits import PromiseBroken, Unreachable, WrongUse

TIMEOUT_S: Final = 10.0
ANSWER_BYTES_MAX: Final = 64 * 1024 * 1024  # ten thousand devices in full are about 6 MB
LOCAL: Final = urllib.request.ProxyHandler({})  # loopback never goes through a proxy


def find_hub(options: argparse.Namespace) -> str:
    """Return the hub's address without a trailing slash: `--url`, else `$SEAMLINE_URL`, else the state directory's.

    Raises Unreachable when nothing says where a hub runs, WrongUse when what is said is no address.
    """
    said: str | None = options.url or os.environ.get("SEAMLINE_URL")
    url = said or _from_state(options.state)
    if not _is_address(url):
        raise WrongUse(f"{url!r} is no address of a hub: write it like http://127.0.0.1:8080")
    return url.rstrip("/")


def _is_address(url: str) -> bool:
    """Return whether the library takes this as an http(s) address with a host, and a port if any is given."""
    try:
        parts = urlsplit(url)
        port = parts.port  # raises ValueError for what is no port, as urlsplit does for half an IPv6 address
    except ValueError:
        return False
    printable = all(char >= "!" and char != "\x7f" for char in url)
    return printable and parts.scheme in {"http", "https"} and bool(parts.hostname) and port != 0


def _from_state(given: Path | None) -> str:
    """Return the address that the stack running from this state directory has left there."""
    state = given or _default_state()
    remedy = "start one with `seamline up`, or say where one is with --url or $SEAMLINE_URL"
    try:
        url = Answer(json.loads((state / "run.json").read_bytes())).text("url")
    except FileNotFoundError:
        raise Unreachable(f"no hub runs from {state}: {remedy}") from None
    except (OSError, ValueError) as error:
        raise Unreachable(f"{state / 'run.json'} cannot be read ({error}): {remedy}") from None
    if url is None:
        raise Unreachable(f"{state / 'run.json'} does not say where the hub is: {remedy}")
    return url


def _default_state() -> Path:
    try:
        from seamline.stack import default_state
    except ModuleNotFoundError:  # without the extra `hub` no stack can run here, so there is no default to look into
        raise Unreachable("say where the hub is: --url http://…, or $SEAMLINE_URL") from None
    return default_state()


def ask(options: argparse.Namespace, *path: str, **query: str | int | None) -> Answer:
    """Return the object the hub answers to GET `/api/<path>?<query>`; raises as `get` does."""
    answer = get(options, *path, **query)
    if not isinstance(answer, dict):
        raise _no_hub(find_hub(options))
    return Answer(cast("object", answer))


def get(options: argparse.Namespace, *path: str, **query: str | int | None) -> object:
    """Return the JSON the hub answers; members of the query that are None are left out, a trailing `_` of a name too.

    Raises PromiseBroken for what does not exist, WrongUse for what the hub does not accept, Unreachable for the rest.
    """
    return _exchange(options, path, query)


def send(options: argparse.Namespace, method: str, body: bytes, kind: str, *path: str, **query: str | int | None) -> Answer:
    """Return the object the hub answers to a request with a body of the media type `kind`; raises as `get` does."""
    answer = _exchange(options, path, query, method, body, {"Content-Type": kind})
    if not isinstance(answer, dict):
        raise _no_hub(find_hub(options))
    return Answer(cast("object", answer))


def _exchange(
    options: argparse.Namespace,
    path: tuple[str, ...],
    query: Mapping[str, str | int | None],
    method: str = "GET",
    body: bytes | None = None,
    headers: Mapping[str, str] | None = None,
) -> object:
    base = find_hub(options)
    given = {name.rstrip("_"): value for name, value in query.items() if value is not None}
    url = "/".join((base, "api", *(quote(part, safe="") for part in path))) + (f"?{urlencode(given)}" if given else "")
    host = urlsplit(url).hostname or ""
    opener = urllib.request.build_opener(*([LOCAL] if host in {"127.0.0.1", "localhost", "::1"} else []))
    wanted = {"Accept": "application/json", **(headers or {})}
    request = urllib.request.Request(url, body, wanted, method=method)  # noqa: S310 - find_hub admits http(s) only
    try:
        with opener.open(request, timeout=TIMEOUT_S) as response:
            content: bytes = response.read(ANSWER_BYTES_MAX)
    except urllib.error.HTTPError as error:
        with error:
            raise _refused(error.code, error.read(65_536), base) from None
    except (urllib.error.URLError, OSError) as error:
        reason = error.reason if isinstance(error, urllib.error.URLError) else error
        raise Unreachable(f"no answer from the hub at {base} ({reason}): is it running? `seamline doctor` looks") from None
    except http.client.HTTPException:
        raise _no_hub(base) from None
    return _parsed(content, base)


def _parsed(content: bytes, base: str) -> object:
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        raise _no_hub(base) from None


def _no_hub(base: str) -> Unreachable:
    return Unreachable(f"what answers at {base} is no Seamline hub: say where it is with --url")


def _refused(status: int, content: bytes, base: str) -> PromiseBroken | WrongUse | Unreachable:
    """Return the error that an HTTP status and its problem document (RFC 9457) mean."""
    try:
        problem = Answer(json.loads(content))
    except ValueError:
        problem = Answer()
    detail = problem.text("detail") or problem.text("title") or f"HTTP status {status}"
    remedy = problem.text("remedy")
    if remedy is not None and "/api/" in remedy:  # help for who writes a program
        remedy = "the command's `--help` says what it takes"
    text = f"{detail.rstrip('.')}: {remedy.rstrip('.')}" if remedy else detail.rstrip(".")
    if status == 404:
        return PromiseBroken(text if problem else f"what answers at {base} knows no such page: is it this version's hub?")
    if status in {400, 409, 413, 422}:
        return WrongUse(text)
    return Unreachable(text)
