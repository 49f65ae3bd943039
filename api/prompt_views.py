"""Prompts as the HTTP interface takes and shows them, and what it needs for that."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from api.views import Page, WallTime


@dataclass(frozen=True, slots=True, kw_only=True)
class PromptView:
    """An announcement (提示音).  One that came with the system has version 0 until another one takes its place.

    `used_by` names the documents (`kind/id`) that play it; while there are any it cannot be removed.  `text` is what a
    flow has spoken by the machine until a sound of this name is uploaded; of one that is only spoken there is no sound.
    """

    prompt_id: str
    title: str
    version: int
    is_shipped: bool
    duration_s: float | None
    changed_at: WallTime | None
    changed_by: str
    used_by: tuple[str, ...]
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PromptsQuery:
    """A page, by id."""

    cursor: str = field(default="", metadata={"doc": "上一页的 next_cursor / of the page before", "most": 64})
    limit: int = field(
        default=100, metadata={"doc": "每页条数 / items of a page", "minimum": 1, "maximum": 500}
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class PromptQuery:
    """What an uploaded sound is."""

    title: str = field(default="", metadata={"doc": "说明 / what it says", "most": 80})
    reason: str = field(default="", metadata={"doc": "原因 / why", "most": 200})


class PromptsPort(Protocol):
    """The announcements."""

    async def list(self, query: PromptsQuery) -> Page[PromptView]:
        """A page of them, by id."""
        ...

    async def get(self, prompt_id: str) -> PromptView:
        """One of them; `NotFound`."""
        ...

    async def path_of(self, prompt_id: str) -> Path:
        """The file that is played; `NotFound`."""
        ...

    async def put(
        self, prompt_id: str, sound: bytes, query: PromptQuery, *, expected: int | None, by: str
    ) -> PromptView:
        """Take a sound of whatever kind as this prompt: re-encoded and checked, `Refused("not_audio")`."""
        ...

    async def remove(self, prompt_id: str, *, expected: int | None, by: str) -> None:
        """Have the one that came with the system again, or none; `NotFound`, `InvalidRequest` while it is used."""
        ...
