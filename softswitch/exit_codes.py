"""What a process of ours ends with, beside 0 for done: the launcher and the service manager act by it."""

from typing import Final

FAILED: Final = 1
CONFIG_EXIT: Final = 2
"""Words or a configuration that cannot be used: starting again would not help (`RestartPreventExitStatus`)."""
DRAINED_EXIT: Final = 4
"""Control was told to drain and the last call is over: the launcher ends as well."""
INTERRUPTED: Final = 130
"""Ctrl-C, as shells say it (128 and SIGINT)."""
