"""The pages' sources: their types agree with the API, and nothing in them names a registry or a foreign host."""

import importlib.util
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FRONTEND = ROOT / "frontend"


@pytest.fixture
def build():
    spec = importlib.util.spec_from_file_location("hatch_build", ROOT / "hatch_build.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_pages_types_agree_with_the_openapi_document(build):
    node, _ = build.find_node()
    types = subprocess.run([node, *build.TOOLS[0]], cwd=FRONTEND, capture_output=True, text=True, check=False)
    assert types.returncode == 0, types.stderr
    checked = subprocess.run(
        [node, "node_modules/svelte-check/bin/svelte-check", "--fail-on-warnings", "--tsconfig", "./tsconfig.json"],
        cwd=FRONTEND,
        capture_output=True,
        text=True,
        check=False,
    )
    assert checked.returncode == 0, checked.stdout


def test_the_built_pages_are_those_of_these_sources(build):
    assert build.built(), "run `make web`"


def test_the_lock_names_no_registry():
    lock = (FRONTEND / "package-lock.json").read_text(encoding="utf-8")
    assert '"resolved"' not in lock
    assert "omit-lockfile-registry-resolved=true" in (FRONTEND / ".npmrc").read_text(encoding="utf-8")


def test_sources_use_no_any_and_load_nothing_from_elsewhere():
    for file in [*FRONTEND.glob("src/**/*.ts"), *FRONTEND.glob("src/**/*.svelte"), *FRONTEND.glob("src/**/*.css")]:
        if file.name == "schema.d.ts":
            continue
        text = file.read_text(encoding="utf-8")
        assert not re.search(r":\s*any\b|<any>|as any\b|@ts-ignore", text), file
        assert not re.search(r"https?://(?!www\.w3\.org)", text), file
