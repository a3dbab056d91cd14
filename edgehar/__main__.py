"""`python -m edgehar`."""

import sys


def _run() -> int:
    try:
        from edgehar.cli import main
    except KeyboardInterrupt:  # before the command line is there to say so itself
        print("interrupted", file=sys.stderr)
        return 130
    return main()


if __name__ == "__main__":
    sys.exit(_run())
