"""Errors as problem documents (RFC 9457), each with a remedy."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any, Final, cast

import psycopg
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from psycopg_pool import PoolClosed, PoolTimeout, TooManyRequests
from pydantic import BaseModel
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response
from starlette.routing import compile_path

MEDIA_TYPE: Final = "application/problem+json"
METHOD_NOT_ALLOWED: Final = 405
RETRY_AFTER_S: Final = 2
"""What a client is told to wait when a part of the hub is away: the supervisor restarts a child within 5 s."""

_log = logging.getLogger(__name__)


class Problem(BaseModel):
    """What went wrong, and what to do about it."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    remedy: str | None = None


_AWAY: Final = Problem(
    title="Database away",
    status=503,
    detail="The hub cannot reach its database. Devices keep their records meanwhile.",
    remedy="It is tried again by itself; `seamline doctor` says what is wrong when it lasts.",
)


class ApiError(Exception):
    """A problem to answer with; the client's fault below 500, ours or a neighbour's from 500 on."""

    def __init__(self, status: int, title: str, detail: str, remedy: str | None = None) -> None:
        """Keep what the answer will say."""
        super().__init__(detail)
        self.problem: Final = Problem(title=title, status=status, detail=detail, remedy=remedy)


def not_found(what: str, remedy: str | None = None) -> ApiError:
    """Return the error for a thing that does not exist."""
    return ApiError(404, "Not found", what, remedy)


def _answer(problem: Problem, headers: Mapping[str, str] | None = None) -> Response:
    """Turn a problem into a response; 503 always says when to try again."""
    wanted = dict(headers or {})
    if problem.status == 503:
        wanted.setdefault("Retry-After", str(RETRY_AFTER_S))
    return JSONResponse(problem.model_dump(exclude_none=True), problem.status, wanted, MEDIA_TYPE)


def _of(error: Exception) -> tuple[Problem, Mapping[str, str] | None]:
    """Return what to say about an error, and the headers it brings."""
    match error:
        case ApiError():
            return error.problem, None
        case HTTPException():
            problem = Problem(title="Request refused", status=error.status_code, detail=str(error.detail))
            return problem, error.headers
        case RequestValidationError():
            found = "; ".join(f"{'.'.join(str(part) for part in item['loc'])}: {item['msg']}" for item in error.errors())
            remedy = "See /api/openapi.json for what is accepted."
            return Problem(title="Invalid request", status=422, detail=found, remedy=remedy), None
        case _:
            _log.warning("database away: %s", error)
            return _AWAY, None


def _on_error(request: Request, error: Exception) -> Response:
    """Answer an error as a problem document."""
    problem, headers = _of(error)
    if problem.status == METHOD_NOT_ALLOWED and (methods := _methods(request)):
        headers = {**(headers or {}), "Allow": ", ".join(methods)}
    return _answer(problem, headers)


def _methods(request: Request) -> list[str]:
    """Return every method of the path, by the document: a router names only those of the first route that has it."""
    paths = cast("dict[str, dict[str, object]]", cast("FastAPI", request.app).openapi()["paths"])
    fitting = [methods for path, methods in paths.items() if compile_path(path)[0].match(request.url.path)]
    return sorted({method.upper() for methods in fitting for method in methods})


def install(app: FastAPI) -> None:
    """Answer every error of `app` as a problem document."""
    away = (psycopg.OperationalError, PoolTimeout, PoolClosed, TooManyRequests)
    for kind in (ApiError, HTTPException, RequestValidationError, *away):
        app.add_exception_handler(kind, _on_error)


def answers(*statuses: int, away: bool = True) -> dict[int | str, dict[str, object]]:
    """Return the OpenAPI `responses` of a route that can fail with `statuses`, and with 503 unless it needs nobody: `away` false."""
    content = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    titles = {404: "Not found", 409: "Conflict", 413: "Too large", 422: "Invalid request", 503: "A part of the hub is away"}
    return {status: {"description": titles[status], "content": content} for status in (*statuses, *([503] if away else []))}


def describe(app: FastAPI) -> None:
    """Put the problem document into the application's OpenAPI components."""
    generated = app.openapi

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            document = generated()
            schemas = document.setdefault("components", {}).setdefault("schemas", {})
            schemas["Problem"] = Problem.model_json_schema()
            app.openapi_schema = document
        return app.openapi_schema

    app.openapi = openapi
