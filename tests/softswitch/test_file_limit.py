"""A process asks for as many open files as it may have."""

import subprocess
import sys

WORDS = """
import resource
from softswitch.file_limit import raise_file_limit
_, most = resource.getrlimit(resource.RLIMIT_NOFILE)
resource.setrlimit(resource.RLIMIT_NOFILE, (256, most))
assert raise_file_limit() == most > 256
assert raise_file_limit() == most
"""


def test_the_soft_limit_becomes_the_hard_one() -> None:
    """In a process of its own, since it cannot be undone for others."""
    subprocess.run([sys.executable, "-c", WORDS], check=True, timeout=60)
