"""A copy of all that was written down, made while the system works, and put back with every byte compared.

A backup is a folder: `hotline.sqlite` (SQLite's online backup: one moment, however long it takes), the recordings that
were closed at that moment, uploaded announcements, and `manifest.json`, written last, with the SHA-256 of everything.
The key of the recording chain is a secret and comes along only when it is asked for.

Blocks: for the command line and the back office.
"""

import hashlib
import json
import os
import pwd
import shutil
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path

from media.wav import sync_folder
from softswitch.store import schema
from softswitch.store.data_folder import DATABASE, KEY, RECORDINGS, UPLOADS
from softswitch.store.errors import MigrationFault, StoreError, StoreUnavailable
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
    """Copy everything to `target`, which must not exist; raises `BackupRefused`, `StoreUnavailable`, `OSError`.

    What fails leaves no folder behind: half a backup is none, and takes the room of the next one.
    """
    source = data_dir / DATABASE
    if not source.is_file():
        raise StoreUnavailable(str(source), "no such file")
    try:
        target.mkdir(mode=0o700, parents=True)
    except FileExistsError as error:
        is_cut_short = (target / DATABASE).exists() and not (target / MANIFEST).exists()
        why = (
            "未完成的备份,先删除 / an unfinished backup: remove it first"
            if is_cut_short
            else "已存在 / exists already"
        )
        raise BackupRefused(target, why) from error
    try:
        return _filled(target, data_dir.absolute(), with_key=with_key)
    except BaseException:
        shutil.rmtree(target, ignore_errors=True)
        raise


def _filled(target: Path, data_dir: Path, *, with_key: bool) -> Manifest:
    copy = target / DATABASE
    _copy_database(data_dir / DATABASE, copy)
    with closing(_read_only(copy)) as connection:
        journal = int(connection.execute("SELECT coalesce(max(seq), 0) FROM journal").fetchone()[0])
        rows = rows_of(connection)
        recordings = connection.execute(
            "SELECT recording_id, path FROM recordings WHERE state <> 'open' AND sha256 <> '' ORDER BY 1"
        ).fetchall()
    files, missing = [_saved(copy, DATABASE)], []
    for recording_id, path in recordings:
        try:
            files.append(_copied(Path(path), target, _place(Path(path), data_dir)))
        except FileNotFoundError:  # retention has deleted it, perhaps this moment, or it never was
            missing.append(str(recording_id))
    uploads = sorted((data_dir / UPLOADS).glob("[!.]*.wav"))  # each was there before a document named it
    files += [_copied(upload, target, f"{UPLOADS}/{upload.name}") for upload in uploads]
    if with_key and (data_dir / KEY).is_file():
        files.append(_copied(data_dir / KEY, target, KEY))
    manifest = Manifest(
        version=VERSION,
        data_dir=str(data_dir),
        journal=journal,
        rows=rows,
        files=tuple(files),
        missing=tuple(missing),
    )
    draft = target / f"{MANIFEST}.draft"
    with draft.open("w", encoding="utf-8") as file:
        file.write(manifest.to_text())
        file.flush()
        os.fsync(file.fileno())
    draft.rename(target / MANIFEST)
    sync_folder(target)
    return manifest


def _place(original: Path, data_dir: Path) -> str:
    """Where a recording lies inside the backup: as inside the data folder, so that it comes back to where its record says.

    Talks and messages left in a box have folders of their own.
    """
    if original.is_relative_to(data_dir):
        return original.relative_to(data_dir).as_posix()
    return f"{RECORDINGS}/{original.parent.name}/{original.name}"


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


def restore(folder: Path, data_dir: Path, *, wall: Callable[[], float] = time.time) -> Restored:
    """Put a backup back into a data folder without a database, and compare what came out.

    Nothing is written unless the whole backup is sound, and the database is put in its place last, brought up to this
    program's schema: what fails on the way leaves none, and may be done again.  Raises `BackupRefused`, `OSError`;
    `StoreUnavailable` when a running control holds the folder.
    """
    manifest = check(folder)
    database = data_dir / DATABASE
    if str(data_dir.absolute()) != manifest.data_dir:
        raise BackupRefused(data_dir, f"备份自 {manifest.data_dir} / the records name that folder")
    if database.exists():
        raise BackupRefused(database, "已存在,先移开 / exists already: move it away first")
    for log in (data_dir / f"{DATABASE}-wal", data_dir / f"{DATABASE}-journal"):
        if log.exists() and log.stat().st_size:
            # SQLite would play what another database left there into the one that is put back.
            raise BackupRefused(
                log, "属于另一个数据库,先移开 / belongs to another database: move it away first"
            )
    _refuse_for_others(data_dir)
    steps = _steps_to_now(folder / DATABASE)
    data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    lock = schema.lock(database)
    draft = database.with_suffix(".restoring")
    try:
        for file in manifest.files:
            place = draft if file.path == DATABASE else data_dir / file.path
            _copy_file(folder / file.path, place)
            if _saved(place, file.path) != file:
                raise BackupRefused(place, "写入后不符 / differs after it was written")
        with closing(_read_only(draft)) as connection:
            (verdict,) = connection.execute("PRAGMA integrity_check").fetchone()
            if verdict != "ok" or rows_of(connection) != manifest.rows:
                raise BackupRefused(draft, f"数据库校验失败 / fails its check: {verdict}")
        if steps:
            schema.prepare(draft, wall())
        draft.rename(database)
        sync_folder(data_dir)
        return Restored(manifest=manifest, differences=compare(database))
    finally:
        for ending in ("", "-wal", "-shm"):
            draft.with_name(f"{draft.name}{ending}").unlink(missing_ok=True)
        os.close(lock)


def _refuse_for_others(data_dir: Path) -> None:
    """Files of somebody else could not be opened by the service that they are put back for."""
    if not data_dir.exists():
        return
    owner = data_dir.stat().st_uid
    if owner != os.geteuid():
        try:
            name = pwd.getpwuid(owner).pw_name
        except KeyError:
            name = str(owner)
        raise BackupRefused(
            data_dir, f"属于 {name},请以该用户运行 / belongs to {name}: run this as that user"
        )


def _steps_to_now(database: Path) -> tuple[schema.Migration, ...]:
    """What brings a backup of an older program up to this one; raises `BackupRefused` for one of a newer program."""
    with closing(_read_only(database)) as connection:
        try:
            return schema.missing(connection, schema.shipped_migrations())
        except MigrationFault as fault:
            raise BackupRefused(database, f"与本程序不符 / does not fit this program: {fault}") from fault
        except sqlite3.Error as fault:
            raise BackupRefused(database, f"不可读 / cannot be read: {fault}") from fault


def _copy_database(source: Path, target: Path) -> None:
    """SQLite's online backup, a few pages at a time, so that the writer never waits for us.

    Within one transaction of reading: without it each commit of the writer makes SQLite begin the copy anew, and on a
    busy hotline it would never end.
    """
    try:
        with closing(_read_only(source)) as reading, closing(sqlite3.connect(target)) as writing:
            reading.execute("BEGIN")
            reading.execute("SELECT count(*) FROM sqlite_schema").fetchone()  # from here on it is one moment
            reading.backup(writing, pages=_PAGES, sleep=_PAUSE_S)
            writing.execute("PRAGMA journal_mode = DELETE")
    except sqlite3.Error as error:
        raise StoreUnavailable(f"{source} -> {target}", str(error)) from error
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
