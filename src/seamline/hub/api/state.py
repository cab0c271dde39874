"""What the running API holds, and how a route gets at it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, cast

from fastapi import Depends, Request

from seamline.hub.api.context import ApiContext
from seamline.hub.api.feed import FleetFeed
from seamline.hub.api.probe import DatabaseProbe
from seamline.hub.api.queries import Database


@dataclass(frozen=True, slots=True)
class ApiState:
    """The context, the pool, the fleet's shared view, and who asks whether the database answers."""

    context: ApiContext
    database: Database
    feed: FleetFeed
    probe: DatabaseProbe


def _of(request: Request) -> ApiState:
    return cast("ApiState", request.app.state.seamline)


State = Annotated[ApiState, Depends(_of)]
