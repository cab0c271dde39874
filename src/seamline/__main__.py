"""`python -m seamline` is the `seamline` command."""

import sys

from seamline.cli import main

if __name__ == "__main__":
    sys.exit(main())
