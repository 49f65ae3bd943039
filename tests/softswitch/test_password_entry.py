"""`softswitch password` and `softswitch openapi`, as they are typed."""

import io
import json
import subprocess
import sys

import pytest

from api.passwords import is_right
from softswitch.password_entry import PasswordRefused, entered_hash


class Terminal(io.StringIO):
    """A terminal, at which nothing was typed ahead."""

    def isatty(self) -> bool:
        return True


def test_a_typed_password_is_asked_for_twice() -> None:
    """The hash fits it and nothing else."""
    known = entered_hash(Terminal(), lambda prompt: "白云山 12345")
    assert is_right("白云山 12345", known)
    assert not is_right("白云山 12346", known)


def test_what_is_typed_differently_or_too_short_is_refused() -> None:
    """Nothing is printed that could be put into the configuration."""
    typed = iter(("long enough", "long enougH"))
    with pytest.raises(PasswordRefused):
        entered_hash(Terminal(), lambda prompt: next(typed))
    for password in ("short", "", "x" * 300):
        with pytest.raises(PasswordRefused):
            entered_hash(io.StringIO(f"{password}\n"))


def run(command: str, typed: str = "") -> subprocess.CompletedProcess[str]:
    """One command of the product."""
    words = [sys.executable, "-m", "softswitch", command]
    return subprocess.run(words, input=typed, capture_output=True, text=True, timeout=60, check=False)


def test_the_command_reads_a_pipe() -> None:
    """For scripts that set up a server."""
    done = run("password", "from a pipe\n")
    assert (done.returncode, done.stderr) == (0, "")
    assert is_right("from a pipe", done.stdout.strip())
    assert run("password", "short\n").returncode == 2


def test_the_interface_is_printed() -> None:
    """The same document that the server gives."""
    done = run("openapi")
    assert (done.returncode, done.stderr) == (0, "")
    document = json.loads(done.stdout)
    assert document["openapi"].startswith("3.1")
    assert "/v1/session" in document["paths"]
