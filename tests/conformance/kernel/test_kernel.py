"""One kernel: the module is what its source builds to, and gives the same masks here, in Node and in a browser."""

import base64
import json
import shutil
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import sync_playwright
from tests.conformance.interpreters import programs
from tests.conformance.kernel.scenes import MODULE, as_json, python_hash

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[2]
KNOWN = "96254e857a4effc4a4c399ddf50ff2874cf34c59017957ae065392a7a5383096"
"""The hash of the masks; it changes only with the scenes."""


def test_the_module_is_what_its_source_builds_to():
    done = subprocess.run([sys.executable, ROOT / "tools" / "kernel.py", "--check"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_python_node_and_the_browser_see_the_same(tmp_path):
    assert python_hash() == KNOWN
    scenes = tmp_path / "scenes.json"
    scenes.write_text(json.dumps(as_json()))
    found = programs()
    if found is None:
        pytest.skip("needs the system package nodejs")
    command = [found[0], HERE / "node.mjs", MODULE, scenes]
    assert subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout.strip() == KNOWN


def answer(route):
    """The tree's own modules, and an empty page for everything else."""
    path = ROOT / urlsplit(route.request.url).path.lstrip("/")
    if path.suffix in {".js", ".mjs"} and path.is_file():
        route.fulfill(path=path, content_type="text/javascript")
    else:
        route.fulfill(body="<!doctype html>", content_type="text/html")


def test_a_browser_sees_the_same():
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.skip("needs the system package chromium")
    flags = [
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
    ]
    run = """async ([module, scenes]) => {
        const { hash } = await import("/tests/conformance/kernel/masks.mjs");
        return await hash(Uint8Array.from(atob(module), (letter) => letter.charCodeAt(0)), scenes);
    }"""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=flags)
        try:
            page = browser.new_page()
            page.route("**/*", answer)
            page.goto("http://localhost/")  # answered here: crypto.subtle wants a secure origin
            assert page.evaluate(run, [base64.b64encode(MODULE.read_bytes()).decode(), as_json()]) == KNOWN
        finally:
            browser.close()
