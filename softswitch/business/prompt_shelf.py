"""Announcements that the operators uploaded: re-encoded files by their content, documents that name them, told to the plane.

A document `prompts/ID` says which file is played under that name; an older version of the business finds its file again.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from api.faults import NotFound
from api.prompt_views import PromptQuery, PromptsQuery, PromptView
from api.views import Page
from media import commands as plane_words
from softswitch.business.changes import Change, Data, Key
from softswitch.business.desk import BusinessDesk
from softswitch.business.documents import Prompt
from softswitch.business.sound_folder import SoundFolder
from softswitch.speech.item import item_of

_PLAYED_BY: Final = frozenset({"greeting", "invalid", "notice", "review", "say"})
"""Fields of documents that name prompts."""


class PromptShelf:
    """Implements `api.prompt_views.PromptsPort`."""

    def __init__(
        self,
        desk: BusinessDesk,
        sounds: SoundFolder,
        shipped: Mapping[str, Path],
        tell_plane: Callable[[plane_words.Command], None],
    ) -> None:
        """`sounds` holds uploaded files, `shipped` are those that came with the system."""
        self._desk = desk
        self._sounds = sounds
        self._shipped = shipped
        self._tell_plane = tell_plane

    # ---- the plane ---------------------------------------------------------------------------------

    def tell_all(self) -> None:
        """A plane is there, which knows only what came with the system."""
        for prompt in self._desk.business.prompts:
            self._tell(prompt)

    def take(self, changes: Iterable[Change]) -> None:
        """A version of the business is on the disk."""
        for change in changes:
            if change.kind != "prompts":
                continue
            prompt = self._named(change.id)
            if prompt is None:
                self._tell_plane(plane_words.DropPrompt(name=change.id))
            else:
                self._tell(prompt)

    def _tell(self, prompt: Prompt) -> None:
        self._tell_plane(
            plane_words.LoadPrompt(name=prompt.id, path=str(self._sounds.path_of(prompt.sha256)))
        )

    # ---- PromptsPort -------------------------------------------------------------------------------

    async def list(self, query: PromptsQuery) -> Page[PromptView]:
        """A page of announcements, by id."""
        users, texts = _users(self._desk.documents())
        uploaded = {prompt.id for prompt in self._desk.business.prompts}
        wanted = sorted(
            name for name in self._shipped.keys() | uploaded | texts.keys() if name > query.cursor
        )
        items = tuple([await self._view(name, users, texts) for name in wanted[: query.limit]])
        return Page(items=items, next_cursor=items[-1].prompt_id if len(wanted) > query.limit else None)

    def has(self, name: str) -> bool:
        """Whether there is a sound of this name, uploaded or shipped."""
        return name in self._shipped or self._named(name) is not None

    async def get(self, prompt_id: str) -> PromptView:
        """One of them; `NotFound`."""
        return await self._view(prompt_id, *_users(self._desk.documents()))

    async def path_of(self, prompt_id: str) -> Path:
        """The file that is played."""
        prompt = self._named(prompt_id)
        if prompt is not None:
            return self._sounds.path_of(prompt.sha256)
        if prompt_id not in self._shipped:
            raise NotFound("prompt", prompt_id)
        return self._shipped[prompt_id]

    async def put(
        self, prompt_id: str, sound: bytes, query: PromptQuery, *, expected: int | None, by: str
    ) -> PromptView:
        """Re-encode a sound, keep it, and have it under this name."""
        sha256, duration_s = await self._sounds.keep(sound)
        data: dict[str, Any] = {
            "id": prompt_id,
            "title": query.title,
            "sha256": sha256,
            "duration_s": duration_s,
        }
        await self._desk.put(
            "prompts", prompt_id, data, expected=expected, by=by, reason=query.reason or "upload"
        )
        return await self.get(prompt_id)

    async def remove(self, prompt_id: str, *, expected: int | None, by: str) -> None:
        """What plays it is told by the business, which would not be whole without it."""
        await self._desk.remove("prompts", prompt_id, expected=expected, by=by, reason="")

    # ---- steps -------------------------------------------------------------------------------------

    def _named(self, prompt_id: str) -> Prompt | None:
        return next((one for one in self._desk.business.prompts if one.id == prompt_id), None)

    async def _view(
        self, prompt_id: str, users: Mapping[str, Sequence[str]], texts: Mapping[str, str]
    ) -> PromptView:
        prompt = self._named(prompt_id)
        if prompt is None and prompt_id not in self._shipped and prompt_id not in texts:
            raise NotFound("prompt", prompt_id)
        document = None if prompt is None else await self._desk.get("prompts", prompt_id)
        return PromptView(
            prompt_id=prompt_id,
            title="" if prompt is None else prompt.title,
            version=0 if document is None else document.version,
            is_shipped=prompt_id in self._shipped,
            duration_s=None if prompt is None else prompt.duration_s,
            changed_at=None if document is None else document.changed_at,
            changed_by="" if document is None else document.changed_by,
            used_by=tuple(sorted(users.get(prompt_id, ()))),
            text=texts.get(prompt_id, ""),
        )


def _users(documents: Mapping[Key, Data]) -> tuple[dict[str, list[str]], dict[str, str]]:
    """Which documents play which prompts, and the texts that are spoken where there is none of that name."""
    users: dict[str, list[str]] = {}
    texts: dict[str, str] = {}
    for (kind, key), data in documents.items():
        for name, text in dict(_played(data)).items():
            users.setdefault(name, []).append(f"{kind}/{key}")
            if text:
                texts[name] = text
    return users, texts


def _played(value: Any) -> Iterator[tuple[str, str]]:
    """What all fields that name prompts play, however deep: names, and the texts that they replace."""
    if isinstance(value, dict):
        for key, inner in value.items():
            if key in _PLAYED_BY:
                texts = inner if isinstance(inner, list) else [inner]
                yield from (_prompt_of(text) for text in texts if isinstance(text, str) and text)
            yield from _played(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _played(inner)


def _prompt_of(written: str) -> tuple[str, str]:
    """The prompt that an item plays, and the text in its place where it names one; else the item as it is written."""
    item = item_of(written)
    return (written, "") if item is None or not item.name else (item.name, item.value)
