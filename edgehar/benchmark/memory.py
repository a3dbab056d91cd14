"""The peak memory of this process."""

from __future__ import annotations

import sys
from pathlib import Path

_STATUS = Path("/proc/self/status")
_CLEAR = Path("/proc/self/clear_refs")


def peak_bytes() -> int | None:
    """The most resident memory that this process ever had (or since `reset_peak`); None where nobody tells.

    Linux: `VmHWM` in proc_pid_status(5). Elsewhere psutil: Windows' peak working set, else what is resident now.
    """
    if sys.platform == "linux":
        for line in _STATUS.read_text(encoding="ascii", errors="replace").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    try:
        import psutil
    except ImportError:
        return None
    info = psutil.Process().memory_info()
    return int(getattr(info, "peak_wset", info.rss))


def reset_peak() -> None:
    """Let the peak start from what is resident now, where the system can (Linux, proc_pid_clear_refs(5))."""
    try:
        _CLEAR.write_text("5", encoding="ascii")
    except OSError:
        return  # the peak of the empty process is then that of its imports, a little higher
