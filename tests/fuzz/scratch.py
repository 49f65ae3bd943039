"""Where a door that reads files gets its input from: one folder for all of them.

Under pytest `close` takes it away.  A fuzzer's process ends without cleaning up (libFuzzer leaves by `_exit`): whoever
starts one gives it a TMPDIR and takes that away.
"""

import tempfile
from functools import cache
from pathlib import Path


@cache
def _folder() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(prefix="fuzz-")


@cache
def scratch(name: str) -> Path:
    """An empty file of that name, for its owner alone."""
    path = Path(_folder().name) / name
    path.touch(mode=0o600)
    return path


def close() -> None:
    """Take the folder away."""
    scratch.cache_clear()
    if _folder.cache_info().currsize:
        _folder().cleanup()
        _folder.cache_clear()
