"""Data attached to a call by integrators (随路数据): a JSON object that travels with it.  Pure."""

import json
from collections.abc import Mapping
from typing import Any, Final

from api.faults import Refused, TooLarge

MOST_BYTES: Final = 16 * 1024


def checked(data: Mapping[str, Any]) -> str:
    """The object as JSON text; `TooLarge` above 16 kB, `Refused` for what is no JSON."""
    try:
        text = json.dumps(data, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
        size = len(text.encode())
    except (TypeError, ValueError, RecursionError) as error:
        raise Refused("bad_data", f"随路数据不是 JSON / the data is no JSON: {error}") from error
    if size > MOST_BYTES:
        raise TooLarge("data_too_large", f"随路数据 {size} 字节,最多 {MOST_BYTES} / {size} bytes of data")
    return text


def merged(before: Mapping[str, Any], change: Mapping[str, Any]) -> dict[str, Any]:
    """Return an object after a merge patch (RFC 7396): null removes a name, objects are merged in turn."""
    after = dict(before)
    for name, value in change.items():
        if value is None:
            after.pop(name, None)
        elif isinstance(value, dict):
            inner = after.get(name)
            after[name] = merged(inner if isinstance(inner, dict) else {}, value)
        else:
            after[name] = value
    return after
