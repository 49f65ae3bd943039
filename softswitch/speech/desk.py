"""The texts of flows and notices as prompts: made when a version is taken, or, with data of a call in them, as it is said.

What the plane knows of them is bounded: those of the business as it stands, and the last ones that calls needed.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Coroutine, Iterator
from typing import Any, Final

import structlog

from config.faults import Fault
from media import commands as plane_words
from softswitch.business.whole import Business
from softswitch.flows.check import spoken
from softswitch.speech.item import Item, item_of
from softswitch.speech.synthesis import Synthesis

log = structlog.get_logger(__name__)

KEPT_MOST: Final = 200
"""Texts with data of calls that are kept to be said again."""

MAKING_MOST: Final = 16
"""Texts that are made for calls at the same time; what comes on top is not said."""

Said = Callable[[tuple[str, ...]], None]


class SpeechDesk:
    """Every text that is spoken."""

    def __init__(
        self,
        synthesis: Synthesis,
        tell_plane: Callable[[plane_words.Command], None],
        has_prompt: Callable[[str], bool],
        *,
        timeout_s: float,
        kept_most: int = KEPT_MOST,
        making_most: int = MAKING_MOST,
    ) -> None:
        """`has_prompt` says whether the operators have a sound of a name; a caller waits `timeout_s` for a text at most."""
        self._synthesis = synthesis
        self._tell_plane = tell_plane
        self._has_prompt = has_prompt
        self._timeout_s = timeout_s
        self._kept_most = kept_most
        self._making_most = making_most
        self._business: frozenset[str] = frozenset()
        self._known: OrderedDict[str, None] = OrderedDict()  # what the plane was told of, last used last
        self._making: dict[str, asyncio.Task[bool]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._door = asyncio.Semaphore(2)

    # ---- the business ------------------------------------------------------------------------------

    async def faults(self, business: Business) -> tuple[Fault, ...]:
        """Make what a business says that has no sound yet; every text that cannot be spoken, with its place."""
        texts = tuple(texts_of(business))
        failed = await self._synthesis.make([item for _, item in texts])
        return tuple(
            Fault(path=place, value=item.text[:40], expected=reason)
            for place, item in texts
            if (reason := failed.get(self._synthesis.name_of(item)))
        )

    def take(self, business: Business) -> None:
        """This business stands: its texts are said at once."""
        self._business = frozenset(self._synthesis.name_of(item) for _, item in texts_of(business))
        for name in sorted(self._business - self._known.keys()):
            self._tell(name)
        self._forget_oldest()

    def open(self, business: Business) -> None:
        """At the start: what is there can be said at once; what was lost is made meanwhile, what nobody needs is removed."""
        self._begin(self._open(business))

    async def _open(self, business: Business) -> None:
        self._business = frozenset(self._synthesis.name_of(item) for _, item in texts_of(business))
        there = await asyncio.to_thread(self._synthesis.made)
        for name in sorted(there & self._business):
            self._tell(name)
        for name in sorted(there - self._business - self._known.keys()):
            await self._drop(name)
        for fault in await self.faults(business):
            log.error("speech.not_made", place=fault.path, reason=fault.expected)
        for name in sorted(await asyncio.to_thread(self._synthesis.made) & self._business):
            if name not in self._known:
                self._tell(name)

    def tell_all(self) -> None:
        """A plane is there, which knows none of it."""
        for name in self._known:
            self._tell_plane(self._order(name))

    async def close(self) -> None:
        """End what is being made."""
        running = (*self._making.values(), *self._tasks)
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)

    # ---- calls -------------------------------------------------------------------------------------

    def say(self, written: tuple[str, ...], said: Said) -> None:
        """Tell the prompts that say this: at once, or when the texts in it were made; without those that were not in time."""
        texts = {each: item for each in written if (item := item_of(each)) is not None}
        names = {each: self._name(item) for each, item in texts.items()}
        missing = {
            name: texts[each]
            for each, name in names.items()
            if name != texts[each].name and name not in self._known
        }
        for name in names.values():
            if name in self._known:
                self._known.move_to_end(name)
        if missing:
            self._begin(self._say_later(written, names, missing, said))
        else:
            said(tuple(names.get(each, each) for each in written))

    def _name(self, item: Item) -> str:
        """The operators' own sound of that name goes first."""
        return item.name if item.name and self._has_prompt(item.name) else self._synthesis.name_of(item)

    async def _say_later(
        self, written: tuple[str, ...], names: dict[str, str], missing: dict[str, Item], said: Said
    ) -> None:
        tasks = [task for name, item in missing.items() if (task := self._made(name, item)) is not None]
        if tasks:
            await asyncio.wait(tasks, timeout=self._timeout_s)
        unsaid = missing.keys() - self._known.keys()
        if unsaid:
            log.warning("speech.left_out", prompts=sorted(unsaid))
        found = tuple(names.get(each, each) for each in written)
        try:
            said(tuple(name for name in found if name not in unsaid))
        except Exception:
            log.exception("speech.said_failed")

    def _made(self, name: str, item: Item) -> "asyncio.Task[bool] | None":
        """The making of a text, begun once for all who wait for it; None when too much is being made."""
        if name not in self._making:
            if len(self._making) >= self._making_most:
                return None
            task = asyncio.get_running_loop().create_task(self._make(name, item))
            self._making[name] = task
            task.add_done_callback(lambda done: self._making.pop(name, None))
        return self._making[name]

    async def _make(self, name: str, item: Item) -> bool:
        async with self._door:
            reason = (await self._synthesis.make((item,))).get(name)
        if reason:
            log.warning("speech.not_made", prompt=name, reason=reason)
            return False
        self._tell(name)
        self._forget_oldest()
        return True

    # ---- the plane ---------------------------------------------------------------------------------

    def _tell(self, name: str) -> None:
        self._known[name] = None
        self._tell_plane(self._order(name))

    def _order(self, name: str) -> plane_words.LoadPrompt:
        return plane_words.LoadPrompt(name=name, path=str(self._synthesis.path_of(name)))

    def _forget_oldest(self) -> None:
        kept = [name for name in self._known if name not in self._business]
        for name in kept[: max(0, len(kept) - self._kept_most)]:
            del self._known[name]
            self._begin(self._drop(name))

    async def _drop(self, name: str) -> None:
        self._tell_plane(plane_words.DropPrompt(name=name))
        try:
            await asyncio.to_thread(self._synthesis.path_of(name).unlink, missing_ok=True)
        except OSError as fault:
            log.warning("speech.not_removed", prompt=name, reason=fault.strerror)

    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def texts_of(business: Business) -> Iterator[tuple[str, Item]]:
    """The texts that need no data of a call, each with its place; a notice is ready before the switch is on."""
    for flow in business.flows.values():
        for name, node in flow.nodes.items():
            for key, written in spoken(node):
                if item := _whole_text(written):
                    yield f"flows.{flow.id}.nodes.{name}.{key}", item
    for switch in business.emergencies:
        for written in switch.notice:
            if item := _whole_text(written):
                yield "emergency.switch.notice", item


def _whole_text(written: str) -> Item | None:
    item = item_of(written)
    return item if item is not None and item.kind == "text" and not item.is_open else None
