"""The planner's application: one plan, its page, and the routes that the page asks. For the loopback interface only."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import asynccontextmanager
from importlib.resources import files
from itertools import zip_longest
from pathlib import Path
from typing import Annotated, Final, TypeVar

from fastapi import FastAPI, Query, Request
from starlette.responses import FileResponse, HTMLResponse, JSONResponse, Response, StreamingResponse
from starlette.staticfiles import StaticFiles

from seamline.contract.problems import ContractErrors
from seamline.hub.api import edge, problem
from seamline.hub.api.pages import shipped
from seamline.planner.desk import Desk
from seamline.planner.document import Json, site_json
from seamline.planner.models import ChangesIn, CoverIn, Opened, PlacementIn, SaveIn
from seamline.planner.panels import bom_json, network_json, power_json, variants_json
from seamline.planner.placing import Search, progress_json
from seamline.planner.saving import ChangedMeanwhile, save
from seamline.planner.seen import seen_json
from seamline.planner.surveys import TOGETHER_MAX, Dropped
from seamline.planner.upload import SURVEY_BYTES_MAX, preview_json, safe
from seamline.site.frame import SiteError
from seamline.site.survey import SurveyError

T = TypeVar("T")
DESKS_MAX: Final = 16
"""Desks that stay open; those for surveys that were tried are many, and each keeps its masks."""
TELL_EVERY_S: Final = 0.2
PAGE: Final = "planner.html"
POLICY: Final = (
    "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "font-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""The hub's own, and leave to compile the kernel: no other page has that."""
_UNBUILT: Final = """<!doctype html><html lang="en"><meta charset="utf-8"><title>Seamline</title>
<h1>The pages are not built</h1><p>Run <code>make web</code> (or <code>python hatch_build.py</code>) in the source tree.</p></html>"""


class Planner:
    """What the routes share: the plan's file, a desk for each variant that was opened, and the search under way.

    The kernel works in one memory, so one question is answered at a time.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._desks: dict[Opened, Desk] = {}
        self._dropped = Dropped()
        self._lock = threading.Lock()
        self._search: Search | None = None

    def open(self, opened: Opened) -> Json:
        """Read the plan anew, with the dropped surveys in it that are named, and describe it."""
        with self._lock:
            return site_json(self._opened(opened))

    def _opened(self, opened: Opened) -> Desk:
        variant, surveys = opened
        desk = Desk(self.path, variant, self._dropped.surveys(surveys, self.path.absolute().parent))
        self._desks[opened] = desk
        while len(self._desks) > DESKS_MAX:
            del self._desks[next(iter(self._desks))]
        return desk

    def ask(self, asked: ChangesIn, answer: Callable[[Desk], T]) -> T:
        """Have a question answered at the desk that the page has open; ChangedMeanwhile when that is another plan by now."""
        with self._lock:
            return answer(self._desk(asked))

    def _desk(self, asked: ChangesIn) -> Desk:
        desk = self._desks.get(asked.opened()) or self._opened(asked.opened())
        if desk.content != asked.content:
            raise ChangedMeanwhile(f"{self.path.name} was opened anew meanwhile; load this page again")
        return desk

    def preview(self, name: str, data: bytes) -> Json:
        """See upload. The survey is kept, so that the page can put it into the plan."""
        with self._lock:
            told = preview_json(Desk(self.path), name, data)
            return {"id": self._dropped.keep(safe(name), data), **told}

    def variants(self) -> Json:
        """See panels."""
        with self._lock:
            return variants_json(self.path)

    def save(self, asked: SaveIn) -> Json:
        """See saving; the plan is then read anew when it is next asked for."""
        with self._lock:
            content = save(self._desk(asked), asked.changes(), asked.content, asked.variant_name())
            self._desks.clear()
            return {"content": content}

    def search(self, asked: PlacementIn) -> Search:
        """Begin a search; one that is under way answers with what it has."""
        with self._lock:
            search = Search(self._desk(asked), asked.changes(), asked.wish())
            if self._search is not None:
                self._search.stop()
            self._search = search
            return search

    def stop(self) -> bool:
        """Have the search answer with what it has; says whether there is one."""
        with self._lock:
            if self._search is not None:
                self._search.stop()
            return self._search is not None

    def close(self) -> None:
        """Forget what was dropped."""
        with self._lock:
            self._desks.clear()
            self._dropped.close()

    def ended(self, search: Search) -> None:
        """It is not under way any more."""
        search.stop()
        with self._lock:
            if self._search is search:
                self._search = None


def create_app(path: Path, now_ms: Callable[[], int], pages: Path | None = None) -> FastAPI:
    """The application over one plan's file; `pages` are those shipped when None."""
    planner = Planner(path)

    @asynccontextmanager
    async def living(_: FastAPI) -> AsyncGenerator[None]:
        yield
        planner.close()

    address = "/api/openapi.json"
    app = FastAPI(title="Seamline planner", version="1", openapi_url=address, docs_url=None, redoc_url=None, lifespan=living)
    problem.install(app)
    for kind in (SiteError, SurveyError, ContractErrors, OSError):
        app.add_exception_handler(kind, refused)
    add_questions(app, planner)
    add_work(app, planner)
    add_pages(app, pages or shipped())
    app.add_middleware(edge.Edge, now_ms=now_ms)
    return app


def refused(_: Request, error: Exception) -> Response:
    """A plan, survey or change that cannot be: the page shows the words as they are."""
    changed = isinstance(error, ChangedMeanwhile)
    title = "Changed meanwhile" if changed else "This cannot be"
    told = problem.Problem(title=title, status=409 if changed else 422, detail=str(error))
    return JSONResponse(told.model_dump(exclude_none=True), told.status, media_type=problem.MEDIA_TYPE)


def add_questions(app: FastAPI, planner: Planner) -> None:
    """Routes that change nothing. They are plain functions: each waits for its turn in a thread."""

    @app.get("/api/site")
    def site(
        variant: Annotated[str | None, Query(max_length=64)] = None,
        survey: Annotated[list[str] | None, Query(max_length=TOGETHER_MAX)] = None,
        instead: Annotated[list[str] | None, Query(max_length=TOGETHER_MAX)] = None,
    ) -> Json:
        surveys = zip_longest(survey or (), (instead or ())[: len(survey or ())])
        return planner.open((variant, tuple((ident, name or None) for ident, name in surveys)))

    @app.get("/api/variants")
    def variants() -> Json:
        return planner.variants()

    @app.post("/api/cover")
    def cover(asked: CoverIn) -> Json:
        return planner.ask(asked, lambda desk: seen_json(desk, asked.changes(), masks=asked.masks))

    @app.post("/api/network")
    def network(asked: ChangesIn) -> Json:
        return planner.ask(asked, lambda desk: network_json(desk, asked.changes()))

    @app.post("/api/power")
    def power(asked: ChangesIn) -> Json:
        return planner.ask(asked, lambda desk: power_json(desk, asked.changes()))

    @app.post("/api/bom")
    def bom(asked: ChangesIn) -> Json:
        return planner.ask(asked, lambda desk: bom_json(desk, asked.changes()))

    @app.post("/api/survey")
    async def survey(request: Request, name: Annotated[str, Query(max_length=255)]) -> Json:
        data = bytearray()
        async for part in request.stream():
            data += part
            if len(data) > SURVEY_BYTES_MAX:
                limit = f"A survey may have {SURVEY_BYTES_MAX >> 20} MiB here."
                raise problem.ApiError(413, "Too large", limit, "'seamline site convert' reads larger ones.")
        return await asyncio.to_thread(planner.preview, name, bytes(data))

    _ = (site, variants, cover, network, power, bom, survey)


def add_work(app: FastAPI, planner: Planner) -> None:
    """Routes that search and that write."""

    @app.post("/api/placement")
    async def placement(asked: PlacementIn) -> Response:
        search = await asyncio.to_thread(planner.search, asked)
        return StreamingResponse(told(planner, search), media_type="text/event-stream", headers={"Cache-Control": "no-store"})

    @app.delete("/api/placement")
    def stop() -> Json:
        return {"stopped": planner.stop()}

    @app.put("/api/plan")
    def write(asked: SaveIn) -> Json:
        return planner.save(asked)

    _ = (placement, stop, write)


async def told(planner: Planner, search: Search) -> AsyncIterator[str]:
    """A search as events: `progress` now and then, at the end `answer` or `failed`. Who goes away stops it."""
    work = asyncio.create_task(asyncio.to_thread(search.run))
    last = None
    try:
        while not work.done():
            await asyncio.wait({work}, timeout=TELL_EVERY_S)
            if search.progress is not None and search.progress != last:
                last = search.progress
                yield event("progress", progress_json(last))
        try:
            yield event("answer", work.result())
        except (SiteError, ContractErrors, RuntimeError) as error:  # RuntimeError: the solver's process broke
            yield event("failed", {"detail": str(error)})
    finally:
        planner.ended(search)


def event(name: str, data: Json) -> str:
    """One server-sent event."""
    return f"event: {name}\ndata: {json.dumps(data, allow_nan=False)}\n\n"


def add_pages(app: FastAPI, folder: Path) -> None:
    """The page, its assets, and the kernel."""
    index = folder / PAGE

    @app.get("/", include_in_schema=False)
    def home() -> Response:
        if not index.is_file():
            return HTMLResponse(_UNBUILT, status_code=503)
        return FileResponse(index, media_type="text/html", headers={"Content-Security-Policy": POLICY})

    @app.get("/kernel.wasm", include_in_schema=False)
    def kernel() -> Response:
        return Response(files("seamline.site.kernel").joinpath("visibility.wasm").read_bytes(), media_type="application/wasm")

    @app.get("/favicon.svg", include_in_schema=False)
    def icon() -> Response:
        return FileResponse(folder / "favicon.svg", media_type="image/svg+xml")

    if (folder / "assets").is_dir():
        app.mount("/assets", StaticFiles(directory=folder / "assets"), name="assets")
    _ = (home, kernel, icon)
