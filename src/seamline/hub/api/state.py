"""What the running API holds, and how a route gets at it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, cast

from fastapi import Depends, Request

from seamline.hub.api.context import ApiContext
from seamline.hub.api.feed import FleetFeed
from seamline.hub.api.queries import Database


@dataclass(frozen=True, slots=True)
class ApiState:
    """The context, the pool and the fleet's shared view."""

    context: ApiContext
    database: Database
    feed: FleetFeed


def _of(request: Request) -> ApiState:
    return cast("ApiState", request.app.state.seamline)


State = Annotated[ApiState, Depends(_of)]
