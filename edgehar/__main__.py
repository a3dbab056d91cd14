"""`python -m edgehar`."""

import sys

from edgehar.cli import main

if __name__ == "__main__":
    sys.exit(main())
