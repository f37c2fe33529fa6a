"""The log file in the folder ``logPath``: what the logger ``AliRTCEngine`` says, from all engines that were given the folder."""

import logging
import logging.handlers
import os
import threading
from typing import Dict, List, Optional

#: Bytes of a file before it makes room for the next one; one old file is kept.
LONGEST = 1 << 20

_lock = threading.Lock()
_open: Dict[str, List] = {}


def take(log: logging.Logger, folder: str) -> Optional[str]:
    """Begins to write into the folder; its key for `give_back`. None where there is no such folder, or nothing may be written there."""
    if not isinstance(folder, str) or not os.path.isdir(folder) or not os.access(folder, os.W_OK):
        return None
    path = os.path.join(os.path.abspath(folder), "AliRTCEngine-%d.log" % os.getpid())
    with _lock:
        if path not in _open:
            # Without a word there is no file.
            handler = logging.handlers.RotatingFileHandler(path, maxBytes=LONGEST, backupCount=1, encoding="utf-8", delay=True)
            handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
            log.addHandler(handler)
            _open[path] = [handler, 0]
        _open[path][1] += 1
    return path


def give_back(log: logging.Logger, path: Optional[str]) -> None:
    """Ends it with the last engine."""
    with _lock:
        if path not in _open:
            return
        _open[path][1] -= 1
        if _open[path][1] == 0:
            handler, _ = _open.pop(path)
            log.removeHandler(handler)
            handler.close()
