"""`softswitch password`: asks for a password and gives the hash that stands in the configuration."""

import getpass
import sys
from collections.abc import Callable
from typing import TextIO

from api.passwords import PASSWORD_LEAST, PASSWORD_MOST, hash_password


class PasswordRefused(Exception):
    """A password that will not do; the text says why."""


def entered_hash(source: TextIO = sys.stdin, ask: Callable[[str], str] = getpass.getpass) -> str:
    """The hash of a password that is typed twice, or is the first line of `source` when that is no terminal.

    Raises `PasswordRefused`.
    """
    if source.isatty():
        password = ask("密码 / password: ")
        if ask("再次输入 / again: ") != password:
            raise PasswordRefused("两次输入不同 / the two do not agree")
    else:
        password = source.readline().rstrip("\n")
    if not PASSWORD_LEAST <= len(password) <= PASSWORD_MOST:
        raise PasswordRefused(
            f"应为{PASSWORD_LEAST}至{PASSWORD_MOST}个字符 / needs {PASSWORD_LEAST} to {PASSWORD_MOST} characters"
        )
    return hash_password(password)
