"""Open files: a process that serves many connections asks for as many as it may have."""

import resource
from contextlib import suppress


def raise_file_limit() -> int:
    """Raise the soft limit to the hard one; returns what holds now.

    The usual 1024 would be used up by a thousand idle connections, and the next file that could not be opened might be
    the database's.
    """
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    with suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    return resource.getrlimit(resource.RLIMIT_NOFILE)[0]
