"""`python -m seamline.hub.migrations DSN`: a process of its own, so that the hub need not carry Alembic in memory."""

from __future__ import annotations

import sys

from seamline.hub.migrations.upgrade import upgrade

if __name__ == "__main__":
    upgrade(sys.argv[1])
