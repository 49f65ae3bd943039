"""Loopback blocks that no two tests or benches of this machine hold at the same time."""

import itertools
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress

_turns = itertools.count(os.getpid())


class NoBlockFree(Exception):
    """Every number of the family is in use."""


@contextmanager
def claimed(family: str, numbers: range) -> Iterator[int]:
    """A number of the family for the length of the block; successive claims walk through the range.

    The claim is a name in the kernel's abstract socket space: it ends with the process, however that ends.
    """
    for _ in numbers:
        number = numbers[next(_turns) % len(numbers)]
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as claim:
            with suppress(OSError):
                claim.bind(f"\0softswitch-test-{family}-{number}")
            if claim.getsockname():
                yield number
                return
    raise NoBlockFree(f"{family}: all {len(numbers)} numbers are taken")
