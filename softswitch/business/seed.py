"""Where a business comes from when there is none: the settings file, or a business file."""

import copy
import json
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from config.faults import Fault
from media.prompts import SUFFIX
from softswitch.business.changes import Data, Key
from softswitch.business.documents import KINDS, Group, TrunkNumbers
from softswitch.business.whole import BusinessFaults, Machine
from softswitch.settings.whole import Settings
from softswitch.store.data_folder import UPLOADS

FORMAT: Final = "softswitch-business"
EDITION: Final = 1
_NAMED_BY: Final = {"queues": "name", "outbound": "name", "accounts": "username"}


def seeded(settings: Settings) -> dict[Key, Data]:
    """The documents that the settings file names; groups are those that its agents belong to."""
    groups = sorted({group for agent in settings.agents for group in agent.groups})
    rows: tuple[tuple[str, Iterable[Any]], ...] = (
        ("agents", settings.agents),
        ("accounts", settings.accounts),
        ("outbound", settings.outbound),
        ("trunk_numbers", [TrunkNumbers(id=each.name, **asdict(each.numbers)) for each in settings.trunks]),
        ("groups", [Group(id=group) for group in groups]),
        ("queues", settings.queues),
        ("routes", settings.routes),
    )
    # JSON and back: tuples become lists, as they come from the database.
    return {
        (kind, KINDS[kind].id_of(value)): json.loads(json.dumps(asdict(value)))
        for kind, values in rows
        for value in values
    }


def machine_of(settings: Settings) -> Machine:
    """What the machine has: its trunks, and the sounds in its folders.  Reads the folders' names."""
    return Machine(
        trunks=frozenset(trunk.name for trunk in settings.trunks),
        prompts=frozenset(name for folder in settings.media.prompt_dirs for name in _sounds(folder)),
        music=_sounds(settings.media.music_dir),
        has_sound=lambda sha256: (uploads_of(settings) / f"{sha256}{SUFFIX}").is_file(),
        area_code=settings.node.area_code,
    )


def uploads_of(settings: Settings) -> Path:
    """The folder of uploaded announcements, each named by its content."""
    return settings.node.data_dir.absolute() / UPLOADS


def speech_of(settings: Settings) -> Path:
    """The folder of spoken texts; all of it can be made again."""
    return settings.node.data_dir.absolute() / "speech"


def shipped_prompts(settings: Settings) -> dict[str, Path]:
    """The announcements that came with the system, by name; those of later folders go before."""
    folders = settings.media.prompt_dirs
    return {name: folder.absolute() / f"{name}{SUFFIX}" for folder in folders for name in _sounds(folder)}


def _sounds(folder: Path) -> frozenset[str]:
    return frozenset(
        path.stem for path in folder.glob("*") if path.suffix.lower() == SUFFIX and path.name[0] != "."
    )


def to_file(documents: dict[Key, Data]) -> dict[str, Any]:
    """The whole business as one JSON document."""
    kinds: dict[str, list[Data]] = {kind: [] for kind in KINDS}
    for (kind, _), data in sorted(documents.items(), key=lambda item: item[0]):
        kinds[kind].append(copy.deepcopy(data))
    return {"format": FORMAT, "edition": EDITION, "documents": kinds}


def from_file(raw: Any) -> dict[Key, Data]:
    """The documents of a business file; raises `BusinessFaults` when it is none, or names a document twice.

    The documents themselves are not looked at: `whole_of` does that.
    """
    if not isinstance(raw, dict) or raw.get("format") != FORMAT or raw.get("edition") != EDITION:
        expected = f"不是业务文件 / not a business file: format {FORMAT!r}, edition {EDITION}"
        raise BusinessFaults((Fault(path="format", expected=expected),))
    documents = raw.get("documents")
    if not isinstance(documents, dict):
        raise BusinessFaults((Fault(path="documents", expected="应为对象 / an object"),))
    found: dict[Key, Data] = {}
    faults: list[Fault] = []
    for kind, rows in documents.items():
        if kind not in KINDS or not isinstance(rows, list):
            expected = f"应为列表,类型为 / a list of one of the kinds {', '.join(KINDS)}"
            faults.append(Fault(path=f"documents.{kind}"[:80], expected=expected))
            continue
        for number, data in enumerate(rows):
            key = _key_of(kind, data)
            if key is None:
                faults.append(Fault(path=f"documents.{kind}[{number}]", expected="没有编号 / has no id"))
            elif (kind, key) in found:
                faults.append(Fault(path=f"documents.{kind}.{key}", expected="重复 / stands here twice"))
            else:
                found[kind, key] = data
    if faults:
        raise BusinessFaults(tuple(faults))
    return found


def _key_of(kind: str, data: Any) -> str | None:
    """The id under which a raw document belongs; None when it cannot be told."""
    if not isinstance(data, dict):
        return None
    if kind == "routes":
        parts = [data.get("number"), data.get("trunk") or None]
        return ".".join(part for part in parts if isinstance(part, str)) or None
    key = data.get(_NAMED_BY.get(kind, "id"))
    return key if isinstance(key, str) and key else None
