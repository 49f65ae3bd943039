"""A copy of all that was written down, made while the system works, and put back with every byte compared.

A backup is a folder: `hotline.sqlite` (SQLite's online backup: one moment, however long it takes), the recordings that
were closed at that moment, uploaded announcements, and `manifest.json`, written last, with the SHA-256 of everything.
The key of the recording chain is a secret and comes along only when it is asked for.

Blocks: for the command line and the back office.
"""

import hashlib
import json
import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path

from softswitch.store import schema
from softswitch.store.data_folder import DATABASE, KEY, RECORDINGS, UPLOADS
from softswitch.store.errors import StoreError, StoreUnavailable
from softswitch.store.rebuild import Difference, compare

MANIFEST = "manifest.json"
VERSION = 1
_PAGES = 256
_PAUSE_S = 0.005
_BLOCK_BYTES = 1024 * 1024


class BackupRefused(StoreError):
    """A backup or a restoration that cannot be done; `path` is what stands in its way."""

    def __init__(self, path: Path, why: str) -> None:
        """Keep the path and the reason."""
        super().__init__(f"{path}: {why}")
        self.path = path
        self.why = why


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedFile:
    """A file of the backup, by its path inside it."""

    path: str
    size_bytes: int
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What a backup holds.  `missing` names recordings whose file was not there; `journal` is its last number."""

    version: int
    data_dir: str
    journal: int
    rows: dict[str, int]
    files: tuple[SavedFile, ...]
    missing: tuple[str, ...]

    def to_text(self) -> str:
        """As it stands in the file."""
        return json.dumps(asdict(self), ensure_ascii=False, indent=1)

    @classmethod
    def read(cls, folder: Path) -> "Manifest":
        """Raises `BackupRefused` for a folder that is no whole backup of ours."""
        path = folder / MANIFEST
        try:
            value = json.loads(path.read_text(encoding="utf-8"))
            files = tuple(SavedFile(**file) for file in value.pop("files"))
            manifest = cls(files=files, missing=tuple(value.pop("missing")), **value)
        except FileNotFoundError as error:
            raise BackupRefused(path, "没有清单,备份不完整 / no manifest: the backup is not whole") from error
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise BackupRefused(path, f"清单不可读 / the manifest cannot be read: {error}") from error
        if manifest.version != VERSION:
            raise BackupRefused(path, f"版本 {manifest.version} 不认识 / is of another version")
        return manifest


@dataclass(frozen=True, slots=True, kw_only=True)
class Restored:
    """What was put back, and how it compares; no difference is the good case."""

    manifest: Manifest
    differences: tuple[Difference, ...]


def backup(data_dir: Path, target: Path, *, with_key: bool = False) -> Manifest:
    """Copy everything to `target`, which must not exist; raises `BackupRefused`, `StoreUnavailable`."""
    source = data_dir / DATABASE
    if not source.is_file():
        raise StoreUnavailable(str(source), "no such file")
    try:
        target.mkdir(mode=0o700, parents=True)
    except FileExistsError as error:
        raise BackupRefused(target, "已存在 / exists already") from error
    copy = target / DATABASE
    _copy_database(source, copy)
    with closing(_read_only(copy)) as connection:
        journal = int(connection.execute("SELECT coalesce(max(seq), 0) FROM journal").fetchone()[0])
        rows = rows_of(connection)
        recordings = connection.execute(
            "SELECT recording_id, path FROM recordings WHERE state <> 'open' AND sha256 <> '' ORDER BY 1"
        ).fetchall()
    files, missing = [_saved(copy, DATABASE)], []
    for recording_id, path in recordings:
        original = Path(path)
        if original.is_file():
            files.append(_copied(original, target, f"{RECORDINGS}/{original.parent.name}/{original.name}"))
        else:  # retention has deleted it, or it never was
            missing.append(str(recording_id))
    uploads = sorted((data_dir / UPLOADS).glob("[!.]*.wav"))  # each was there before a document named it
    files += [_copied(upload, target, f"{UPLOADS}/{upload.name}") for upload in uploads]
    if with_key and (data_dir / KEY).is_file():
        files.append(_copied(data_dir / KEY, target, KEY))
    manifest = Manifest(
        version=VERSION,
        data_dir=str(data_dir.absolute()),
        journal=journal,
        rows=rows,
        files=tuple(files),
        missing=tuple(missing),
    )
    draft = target / f"{MANIFEST}.draft"
    draft.write_text(manifest.to_text(), encoding="utf-8")
    draft.rename(target / MANIFEST)
    return manifest


def check(folder: Path) -> Manifest:
    """Compare every file of a backup with its manifest; raises `BackupRefused` for the first that differs."""
    manifest = Manifest.read(folder)
    for file in manifest.files:
        path = folder / file.path
        if not path.is_file():
            raise BackupRefused(path, "缺失 / is missing")
        if _saved(path, file.path) != file:
            raise BackupRefused(path, "内容与清单不符 / is not what the manifest says")
    return manifest


def restore(folder: Path, data_dir: Path) -> Restored:
    """Put a backup back into a data folder without a database, and compare what came out.

    Nothing is written unless the whole backup is sound.  Raises `BackupRefused`; `StoreUnavailable` when a running
    control holds the folder.
    """
    manifest = check(folder)
    database = data_dir / DATABASE
    if str(data_dir.absolute()) != manifest.data_dir:
        raise BackupRefused(data_dir, f"备份自 {manifest.data_dir} / the records name that folder")
    if database.exists():
        raise BackupRefused(database, "已存在,先移开 / exists already: move it away first")
    data_dir.mkdir(parents=True, exist_ok=True)
    lock = schema.lock(database)
    try:
        for file in manifest.files:
            if file.path != DATABASE:
                _copy_file(folder / file.path, data_dir / file.path)
        draft = database.with_suffix(".restoring")
        _copy_file(folder / DATABASE, draft)
        draft.rename(database)
        for file in manifest.files:
            if _saved(data_dir / file.path, file.path) != file:
                raise BackupRefused(data_dir / file.path, "写入后不符 / differs after it was written")
        with closing(_read_only(database)) as connection:
            (verdict,) = connection.execute("PRAGMA integrity_check").fetchone()
            if verdict != "ok" or rows_of(connection) != manifest.rows:
                raise BackupRefused(database, f"数据库校验失败 / fails its check: {verdict}")
        return Restored(manifest=manifest, differences=compare(database))
    finally:
        os.close(lock)


def _copy_database(source: Path, target: Path) -> None:
    """SQLite's online backup, a few pages at a time, so that the writer never waits for us."""
    try:
        with closing(_read_only(source)) as reading, closing(sqlite3.connect(target)) as writing:
            reading.backup(writing, pages=_PAGES, sleep=_PAUSE_S)
            writing.execute("PRAGMA journal_mode = DELETE")
    except sqlite3.Error as error:
        raise StoreUnavailable(str(source), str(error)) from error
    target.chmod(0o600)


def _read_only(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=10)


def rows_of(connection: sqlite3.Connection) -> dict[str, int]:
    """How many rows each table has."""
    names = [
        name
        for (name,) in connection.execute(
            "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name"
        )
    ]
    return {name: int(connection.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0]) for name in names}


def _copy_file(source: Path, target: Path) -> None:
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with source.open("rb") as reading, target.open("wb") as writing:
        shutil.copyfileobj(reading, writing, _BLOCK_BYTES)
        writing.flush()
        os.fsync(writing.fileno())
    target.chmod(0o600)


def _copied(original: Path, target: Path, inside: str) -> SavedFile:
    """Copy a file to its place `inside` the backup."""
    _copy_file(original, target / inside)
    return _saved(target / inside, inside)


def _saved(path: Path, name: str) -> SavedFile:
    digest = hashlib.sha256()
    for block in _blocks(path):
        digest.update(block)
    return SavedFile(path=name, size_bytes=path.stat().st_size, sha256=digest.hexdigest())


def _blocks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while block := file.read(_BLOCK_BYTES):
            yield block
