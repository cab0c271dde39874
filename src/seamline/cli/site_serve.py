"""`seamline site serve`: the planner in the browser, for this machine alone."""

from __future__ import annotations

import argparse
import webbrowser
from contextlib import suppress
from urllib.parse import quote

from seamline.cli.exits import OK, BadInstallation
from seamline.cli.extras import module_of
from seamline.cli.screen import show
from seamline.cli.site_plan import resolved
from seamline.cli.site_said import plan_said


def serve(options: argparse.Namespace) -> int:
    """Serve a plan's page until Ctrl-C; a plan that does not hold is refused before."""
    path, variant = plan_said(options.plan)
    resolved(path, variant)
    module_of("seamline.planner.server", "hub")
    from seamline.planner.server import listening, run

    try:
        listener = listening(options.port)
    except OSError as error:
        why = error.strerror or error
        raise BadInstallation(f"port {options.port} of 127.0.0.1 cannot be had: {why}; give another with --port") from None
    opened = "" if variant is None else f"?variant={quote(variant)}"
    address = f"http://127.0.0.1:{listener.getsockname()[1]}/{opened}"
    show(f"{path}: {address}  (this machine only; Ctrl-C ends it)")
    if options.open:
        webbrowser.open(address)
    with suppress(KeyboardInterrupt):
        run(path, listener)
    return OK
