"""`Idempotency-Key`: what changes something is done once, however often a caller that heard no answer asks again."""

import asyncio
import hashlib
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from api.faults import ApiFault, Conflict, Refused
from api.sessions import KeeperPort

TABLE = "idempotency"
HEADER = "Idempotency-Key"
KEY_PATTERN = r"[A-Za-z0-9_.:\-]{1,128}"
KEPT_S = 24 * 3600.0
KEPT_MOST = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A finished answer: status, JSON text, and its ETag where it has one."""

    status: int
    text: str
    etag: str = ""


class SingleUse:
    """The keys of the last day and what was answered to them; they outlive a restart."""

    def __init__(self, keeper: KeeperPort, wall: Callable[[], float]) -> None:
        """Go on with the kept ones.  What was being done when the process died has an unknown outcome."""
        self._keeper = keeper
        self._wall = wall
        self._running: dict[str, asyncio.Future[Answer]] = {}
        rows = sorted(keeper.load(TABLE).items(), key=lambda item: float(item[1]["at"]))
        self._kept = OrderedDict(rows)

    async def do(self, who: str, key: str, request: str, work: Callable[[], Awaitable[Answer]]) -> Answer:
        """Do the work, or answer as before.  `request` is all that was asked: another one needs another key.

        `Refused("idempotency_key_reused")` for another request under the same key, `Conflict("outcome_unknown")` for
        one that was cut short.  A request that was refused may be made again under its key: nothing was done.
        """
        name = _hash(f"{who}\0{key}")
        asked = _hash(request)
        known = self._kept.get(name)
        if known is not None and known["asked"] != asked:
            raise Refused(
                "idempotency_key_reused", "此键已用于另一请求 / the key was used for another request"
            )
        if name in self._running:
            return await asyncio.shield(self._running[name])
        if known is not None:
            if not known["status"]:
                raise Conflict(
                    "outcome_unknown", "上次执行中断,结果未知 / it was cut short, its outcome is not known"
                )
            return Answer(
                status=int(known["status"]), text=str(known["text"]), etag=str(known.get("etag", ""))
            )
        return await self._first(name, asked, work)

    async def _first(self, name: str, asked: str, work: Callable[[], Awaitable[Answer]]) -> Answer:
        running: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        running.add_done_callback(lambda future: future.cancelled() or future.exception())
        self._running[name] = running
        self._keep(name, asked, Answer(status=0, text=""))
        try:
            answer = await work()
        except ApiFault as fault:
            self._forget(name)
            running.set_exception(fault)
            raise
        except BaseException as error:
            running.set_exception(
                error if isinstance(error, Exception) else Conflict("outcome_unknown", "中断 / cut short")
            )
            raise
        finally:
            del self._running[name]
        self._keep(name, asked, answer)
        running.set_result(answer)
        return answer

    def _keep(self, name: str, asked: str, answer: Answer) -> None:
        now = self._wall()
        row = {
            "asked": asked,
            "at": now,
            "status": answer.status,
            "text": answer.text,
            "etag": answer.etag,
        }
        self._kept.pop(name, None)
        self._kept[name] = row
        self._keeper.put(TABLE, name, row)
        while self._kept:
            oldest, kept = next(iter(self._kept.items()))
            if len(self._kept) <= KEPT_MOST and now - float(kept["at"]) <= KEPT_S:
                return
            self._forget(oldest)

    def _forget(self, name: str) -> None:
        self._kept.pop(name, None)
        self._keeper.remove(TABLE, name)


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
