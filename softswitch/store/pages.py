"""Parts of long lists, and the cursors that lead from one to the next."""

import base64
import binascii
import json
import math
from collections.abc import Callable, Sequence
from typing import TypeVar

from api.faults import Refused
from api.views import Page

Item = TypeVar("Item")


def page_of(found: Sequence[Item], limit: int, cursor_of: Callable[[Item], str]) -> Page[Item]:
    """The first `limit` (1 or more) of what was found; one more in `found` says that there is a next page."""
    items = tuple(found[:limit])
    return Page(items=items, next_cursor=cursor_of(items[-1]) if len(found) > limit else None)


def to_cursor(at: float, key: str) -> str:
    """Where the next page begins, as text that is opaque to its reader."""
    return base64.urlsafe_b64encode(json.dumps([at, key]).encode()).decode().rstrip("=")


def from_cursor(text: str) -> tuple[float, str]:
    """The time and id of `to_cursor`; `Refused("bad_cursor")` for anything else."""
    try:
        at, key = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        if type(at) is not float or not math.isfinite(at) or type(key) is not str:
            raise ValueError(text)
        key.encode()
    except (ValueError, TypeError, binascii.Error, RecursionError) as error:
        raise Refused("bad_cursor", "游标无效 / the cursor is not one of ours") from error
    return at, key
