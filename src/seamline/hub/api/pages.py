"""The built pages: `/` and its assets, or a plain word on how to build them."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from typing import Final

from fastapi import FastAPI
from starlette.responses import FileResponse, HTMLResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

FOREVER: Final = "public, max-age=31536000, immutable"
"""Assets carry a hash of their content in their names."""

_UNBUILT: Final = """<!doctype html><html lang="en"><meta charset="utf-8"><title>Seamline</title>
<h1>The pages are not built</h1><p>Run <code>make web</code> (or <code>python hatch_build.py</code>) in the source tree.
The API is described at <a href="/api/openapi.json">/api/openapi.json</a>.</p></html>"""


class _Assets(StaticFiles):
    """Files whose names change with their content."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        """Serve a file, to be kept for ever."""
        response = await super().get_response(path, scope)
        if response.status_code == 200:
            response.headers["Cache-Control"] = FOREVER
        return response


def shipped() -> Path:
    """Return the folder of the pages built into the package."""
    return Path(str(files("seamline"))) / "web"


def install(app: FastAPI, folder: Path | None) -> None:
    """Serve the pages from `folder` (those shipped when None); every page is one document, routed by its hash."""
    root = folder or shipped()
    index = root / "index.html"

    async def home() -> Response:
        if not index.is_file():
            return HTMLResponse(_UNBUILT, status_code=503)
        return FileResponse(index, media_type="text/html")

    app.add_api_route("/", home, methods=["GET", "HEAD"], include_in_schema=False)
    if (root / "assets").is_dir():
        app.mount("/assets", _Assets(directory=root / "assets"), name="assets")
    if (root / "favicon.svg").is_file():

        async def icon() -> Response:
            return FileResponse(root / "favicon.svg", media_type="image/svg+xml")

        app.add_api_route("/favicon.svg", icon, methods=["GET", "HEAD"], include_in_schema=False)
