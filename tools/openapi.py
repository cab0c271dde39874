"""Writes the API's OpenAPI document to frontend/openapi.json, from which the pages' types are made."""

from __future__ import annotations

import json
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TARGET = ROOT / "frontend" / "openapi.json"
sys.path.insert(0, str(ROOT / "src"))

from seamline.hub.api.app import create_app  # noqa: E402 (the tree's own)
from seamline.hub.api.context import ApiContext  # noqa: E402

if __name__ == "__main__":
    document = create_app(ApiContext(dsn="")).openapi()
    TARGET.write_text(json.dumps(document, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    print(f"wrote {TARGET.relative_to(ROOT)}")
