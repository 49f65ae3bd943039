"""The keyed chain over recordings: each link is an HMAC over the link before, the recording's id and its SHA-256.

The key stands in a file of its own beside the database (0600).  Who can write the database but not read the
key can neither change a recording, nor take one out, without a break that `breaks` finds.
"""

import hashlib
import hmac
import os
import secrets
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from softswitch.store.errors import KeyFault

KEY_BYTES = 32
FIRST_LINK = "0" * 64
"""What stands before the first link."""


def load_key(path: Path) -> bytes:
    """Read the key, or make it when there is none; raises `KeyFault` for a file that others can read."""
    try:
        if not path.exists():
            _make_key(path)
        if path.stat().st_mode & 0o077:
            raise KeyFault(str(path), "others can read it; it must be 0600")
        key = bytes.fromhex(path.read_text(encoding="ascii").strip())
    except (OSError, ValueError) as error:
        raise KeyFault(str(path), str(error)) from error
    if len(key) < KEY_BYTES:
        raise KeyFault(str(path), f"holds fewer than {KEY_BYTES} bytes")
    return key


def _make_key(path: Path) -> None:
    """Whole or not at all: half a key, of a full disk or a power cut, would let no later start get any further."""
    draft = path.with_name(f"{path.name}.draft")
    draft.unlink(missing_ok=True)
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write(secrets.token_hex(KEY_BYTES) + "\n")
        file.flush()
        os.fsync(file.fileno())
    draft.rename(path)


def next_link(key: bytes, previous: str, recording_id: str, sha256: str) -> str:
    """The link of one recording, as hex.  Parts are length-prefixed, so none can run into the next."""
    parts = (previous.encode(), recording_id.encode(), sha256.encode())
    message = b"".join(len(part).to_bytes(4, "big") + part for part in parts)
    return hmac.new(key, message, hashlib.sha256).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainBreak:
    """A place where the chain does not hold; `code` is `link_wrong`, `gap`, `row_differs` or `row_missing`."""

    position: int
    recording_id: str
    code: str


def breaks(connection: sqlite3.Connection, key: bytes) -> Iterator[ChainBreak]:
    """Walk the whole chain and compare it with the rows of the recordings.  Blocks; reads only."""
    previous = FIRST_LINK
    expected = 1
    newest: dict[str, tuple[int, str]] = {}
    for position, recording_id, sha256, link in connection.execute(
        "SELECT position, recording_id, sha256, link FROM recording_chain ORDER BY position"
    ):
        if position != expected:
            yield ChainBreak(position=position, recording_id=recording_id, code="gap")
        if not hmac.compare_digest(link, next_link(key, previous, recording_id, sha256)):
            yield ChainBreak(position=position, recording_id=recording_id, code="link_wrong")
        previous = link
        expected = position + 1
        newest[recording_id] = (position, sha256)
    closed = dict(
        connection.execute(
            "SELECT recording_id, sha256 FROM recordings WHERE state <> 'open' ORDER BY closed_at"
        )
    )
    for recording_id, (position, sha256) in newest.items():
        if closed.get(recording_id) != sha256:
            yield ChainBreak(position=position, recording_id=recording_id, code="row_differs")
    for recording_id in closed.keys() - newest.keys():
        yield ChainBreak(position=0, recording_id=recording_id, code="row_missing")
