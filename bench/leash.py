"""What a test or a bench starts ends with it, also when it is killed itself.

`setpriv` (util-linux, on every Debian) asks the kernel to send SIGTERM to the process as soon as its parent is gone,
and then becomes that process: the process id stays, and so does everything else.
"""

LEASH = ("setpriv", "--pdeathsig", "TERM")
"""Words to put before a command."""
