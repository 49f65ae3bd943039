"""A small hotline in memory: every port of the HTTP interface, kept by plain rules, and a server over it."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import aiohttp

from api.actors import Person, Role
from api.app import make_app
from api.event_stream import EventStream
from api.faults import Conflict, NotFound, Refused, Unavailable
from api.live import LIVE, Live, LiveLimits
from api.passwords import hash_password
from api.ports import CallQuery, ForcedAction, LedgerQuery, Ports, RecordingQuery
from api.request_pace import RequestLimits
from api.self_check_port import SelfCheckPort
from api.server import serve
from api.tokens import Token
from api.views import (
    AgentView,
    CallDetail,
    CallView,
    EntryView,
    ForcedActionView,
    HealthView,
    Page,
    PartView,
    RecordingView,
    SegmentView,
    WallTime,
)
from tests.api.call_control import CallControl
from tests.api.decided import Decided

ADDRESS = "127.63.0.1"
NOW = 1_764_000_000.0
WORDS = {name: f"{name}-secret-0123456789" for name in ("read", "agent", "supervisor", "admin", "none")}
TOKENS = tuple(
    Token(
        name=name, sha256=hashlib.sha256(word.encode()).hexdigest(), scopes=() if name == "none" else (name,)
    )
    for name, word in WORDS.items()
)

PASSWORD = "白云山 12345"
_HASH = hash_password(PASSWORD)
PEOPLE = {
    agent_id: Person(
        agent_id=agent_id,
        name=f"N{agent_id}",
        role=role,
        groups=frozenset({group}),
        queues=frozenset({queue}),
        password=_HASH,
    )
    for agent_id, role, group, queue in (
        ("1001", Role.AGENT, "east", "general"),
        ("1002", Role.AGENT, "east", "general"),
        ("1003", Role.AGENT, "west", "law"),
        ("2001", Role.SUPERVISOR, "east", "general"),
        ("9001", Role.ADMIN, "", "general"),
    )
}


class People:
    """Two agents and a supervisor of the east, one agent of the west, and an administrator."""

    def find(self, agent_id: str) -> Person | None:
        """One of them."""
        return PEOPLE.get(agent_id)

    def all(self) -> tuple[Person, ...]:
        """Every one."""
        return tuple(PEOPLE.values())


class Keeper:
    """Tables in memory, which another server may go on with."""

    def __init__(self) -> None:
        """Nothing is kept yet."""
        self.tables: dict[str, dict[str, dict[str, Any]]] = {}

    def put(self, table: str, key: str, value: dict[str, Any]) -> None:
        """Keep a copy."""
        self.tables.setdefault(table, {})[key] = dict(value)

    def remove(self, table: str, key: str) -> None:
        """Forget."""
        self.tables.get(table, {}).pop(key, None)

    def load(self, table: str) -> dict[str, dict[str, Any]]:
        """A copy."""
        return {key: dict(value) for key, value in self.tables.get(table, {}).items()}


class Ledger:
    """Forced actions in memory."""

    def __init__(self) -> None:
        """Nobody forced anything."""
        self.actions: list[ForcedAction] = []

    def record(self, action: ForcedAction) -> None:
        """One more."""
        self.actions.append(action)

    async def list(self, query: LedgerQuery) -> Page[ForcedActionView]:
        """All within reach, newest first."""
        rows = [
            ForcedActionView(
                seq=number,
                at=WallTime(NOW),
                who=action.who,
                action=action.action,
                agent=action.agent,
                call_id=action.call_id,
                reason=action.reason,
                detail=action.detail,
            )
            for number, action in enumerate(self.actions, 1)
            if query.reach.is_all or action.who in query.reach.agents
        ]
        return Page(items=tuple(reversed(rows)), next_cursor=None)


class Wall:
    """A clock that tests put forward."""

    now = NOW

    def __call__(self) -> float:
        """Seconds since 1970."""
        return self.now


_LOGGED_OUT = AgentView(
    agent_id="1001",
    name="王芳",
    extension=None,
    presence="logged_out",
    activity="idle",
    reason="",
    pending_presence=None,
    reachable=False,
    call_id=None,
    queues=("general",),
    since=WallTime(NOW),
)


class Agents:
    """Three agents, a supervisor, and the seats 8001 and 8002."""

    def __init__(self) -> None:
        """All signed out; asking for agent `boom` is a bug."""
        self.rows = {name: replace(_LOGGED_OUT, agent_id=name) for name in ("1001", "1002", "1003", "2001")}

    async def list(self) -> tuple[AgentView, ...]:
        """By id."""
        return tuple(self.rows[name] for name in sorted(self.rows))

    async def get(self, agent_id: str) -> AgentView:
        """One of them."""
        if agent_id == "boom":
            raise RuntimeError("secret inner detail")
        if agent_id == "unlinked":
            raise BrokenPipeError("a link inside is down")
        if agent_id == "starting":
            raise Unavailable("engine_starting", "正在启动 / is starting", retry_after_s=3)
        if agent_id not in self.rows:
            raise NotFound("agent", agent_id)
        return self.rows[agent_id]

    async def login(self, agent_id: str, extension: str, initial_state: str, reason: str) -> AgentView:
        """One agent a seat, one seat an agent."""
        agent = await self.get(agent_id)
        if extension not in ("8001", "8002"):
            raise Refused("unknown_extension", f"没有此分机 / no seat {extension}")
        if agent.presence != "logged_out":
            raise Conflict("already_logged_in", "已签入 / signed in", agent.presence, ("logout", "ready"))
        if any(row.extension == extension for row in self.rows.values()):
            raise Conflict("seat_taken", "座席已占用 / seat taken", agent.presence, ("login",))
        return self._set(agent_id, extension=extension, presence=initial_state, reason=reason, reachable=True)

    async def logout(self, agent_id: str) -> AgentView:
        """Leave."""
        await self._signed_in(agent_id)
        return self._set(agent_id, extension=None, presence="logged_out", reason="")

    async def ready(self, agent_id: str) -> AgentView:
        """Ready."""
        await self._signed_in(agent_id)
        return self._set(agent_id, presence="ready", reason="")

    async def not_ready(self, agent_id: str, reason: str) -> AgentView:
        """Not ready."""
        await self._signed_in(agent_id)
        return self._set(agent_id, presence="not_ready", reason=reason)

    async def end_wrap_up(self, agent_id: str) -> AgentView:
        """Only in wrap-up."""
        agent = await self._signed_in(agent_id)
        if agent.presence != "wrap_up":
            raise Conflict("not_in_wrap_up", "不在话后处理 / no wrap-up", agent.presence, ())
        return self._set(agent_id, presence="ready")

    async def _signed_in(self, agent_id: str) -> AgentView:
        agent = await self.get(agent_id)
        if agent.presence == "logged_out":
            raise Conflict("logged_out", "未签入 / not signed in", agent.presence, ("login",))
        return agent

    def put_in_call(self, agent_id: str, call_id: str | None) -> None:
        """An agent's phone rings for a call or talks in it; None for none any more."""
        self._set(agent_id, call_id=call_id)

    def _set(self, agent_id: str, **changes: Any) -> AgentView:
        self.rows[agent_id] = replace(self.rows[agent_id], **changes)
        return self.rows[agent_id]


def call(call_id: str, arrived_at: float, **more: Any) -> CallView:
    """A call that has only arrived, unless `more` says otherwise."""
    blank = dict.fromkeys(CallView.__dataclass_fields__)
    known = {
        "call_id": call_id,
        "trunk": "city",
        "caller": "+8651012345678",
        "called": "12345",
        "presented": "",
        "diversion": "",
        "sip_call_id": "x@y",
        "arrived_at": WallTime(arrived_at),
        "offers": 0,
        "requeues": 0,
    }
    return CallView(**{**blank, **known, **more})


class Calls:
    """Two calls, one of them running."""

    def __init__(self) -> None:
        """Remember what was asked."""
        self.rows = {
            "c1": call(
                "c1",
                NOW - 100,
                ended_at=WallTime(NOW - 10),
                talk_s=56.0,
                end_reason="completed",
                data={"order": 5},
            ),
            "c2": call("c2", NOW - 5),
        }
        self.asked: list[CallQuery] = []
        self.hung_up: list[tuple[str, str]] = []

    async def list(self, query: CallQuery) -> Page[CallView]:
        """Only `active` and the cursor are looked at."""
        self.asked.append(query)
        if query.cursor == "bad":
            raise Refused("bad_cursor", "游标无效 / not a cursor")
        rows = [
            row
            for row in self.rows.values()
            if query.active is None or (row.ended_at is None) == query.active
        ]
        return Page(items=tuple(rows[: query.limit]), next_cursor="more" if len(rows) > query.limit else None)

    async def get(self, call_id: str) -> CallDetail:
        """With one talk and one entry."""
        if call_id not in self.rows:
            raise NotFound("call", call_id)
        talk = SegmentView(
            agent="1001", extension="8001", began_at=WallTime(NOW - 66), ended_at=None, duration_s=None
        )
        entry = EntryView(seq=7, at=WallTime(NOW - 100), kind="CallArrived", data={"trunk": "city"})
        return CallDetail(call=self.rows[call_id], segments=(talk,), recordings=("r1",), events=(entry,))

    async def hang_up(self, call_id: str, reason: str) -> None:
        """Only what runs."""
        detail = await self.get(call_id)
        if detail.call.ended_at is not None:
            raise Conflict("call_ended", "呼叫已结束 / the call is over", "ended", ())
        self.hung_up.append((call_id, reason))


class Recordings:
    """One finished recording with a file, one without, one that is being written."""

    def __init__(self, folder: Path) -> None:
        """The file holds 1000 known bytes."""
        self.sound = bytes(range(250)) * 4
        (folder / "r1.wav").write_bytes(self.sound)
        done = RecordingView(
            recording_id="r1",
            call_id="c1",
            state="done",
            started_at=WallTime(NOW - 99),
            closed_at=WallTime(NOW - 9),
            duration_s=90.0,
            frames=4500,
            size_bytes=1000,
            sha256="ab" * 32,
            left_dbfs=-20.0,
            right_dbfs=None,
            fault="",
            caller="+8651012345678",
            called="12345",
            agents=("1001",),
            path=str(folder / "r1.wav"),
        )
        self.rows = {
            "r1": done,
            "gone": replace(done, recording_id="gone", path=str(folder / "gone.wav")),
            "open": replace(done, recording_id="open", state="open", closed_at=None),
        }
        self.asked: list[RecordingQuery] = []

    async def list(self, query: RecordingQuery) -> Page[RecordingView]:
        """All of them."""
        self.asked.append(query)
        return Page(items=tuple(self.rows.values()), next_cursor=None)

    async def get(self, recording_id: str) -> RecordingView:
        """One of them."""
        if recording_id not in self.rows:
            raise NotFound("recording", recording_id)
        return self.rows[recording_id]


class QuietSound:
    """One frame of silence, and then nothing until the call is over."""

    def __init__(self, is_over: asyncio.Event) -> None:
        """`is_over` ends it."""
        self.closed = asyncio.Event()
        self._is_over = is_over
        self._left = 1

    def __aiter__(self) -> "QuietSound":
        """Itself."""
        return self

    async def __anext__(self) -> bytes:
        """The frame."""
        if self._left == 0:
            await self._is_over.wait()
            raise StopAsyncIteration
        self._left -= 1
        return b"\xd5" * 160

    def close(self) -> None:
        """Nobody hears it any more."""
        self.closed.set()


class Ears:
    """Listening to the calls; all of them are over once `is_over` is set."""

    def __init__(self, calls: Calls) -> None:
        """Nobody listens."""
        self.is_over = asyncio.Event()
        self.asked: list[tuple[str, str, str]] = []
        self.sounds: list[QuietSound] = []
        self._calls = calls

    async def listen(self, call_id: str, supervisor: str, reason: str) -> QuietSound:
        """Only what runs."""
        detail = await self._calls.get(call_id)
        if detail.call.ended_at is not None:
            raise Conflict("call_ended", "呼叫已结束 / the call is over", "ended", ())
        self.asked.append((call_id, supervisor, reason))
        self.sounds.append(QuietSound(self.is_over))
        return self.sounds[-1]


class Health:
    """Well, until told otherwise."""

    ready = True

    async def health(self) -> HealthView:
        """The plane is the part that can be ill."""
        return HealthView(
            live=True,
            ready=self.ready,
            reasons=() if self.ready else ("plane_lost",),
            version="1.2.3",
            parts=(PartView(name="plane-1", ok=self.ready, detail=""),),
        )


@dataclass
class City:
    """The hotline and the client of its server."""

    agents: Agents
    calls: Calls
    recordings: Recordings
    health: Health
    events: EventStream
    control: CallControl
    ears: Ears
    ledger: Ledger
    keeper: Keeper
    wall: Wall
    snapshot: dict[str, Any]
    port: int
    live: Live
    client: aiohttp.ClientSession

    @property
    def origin(self) -> str:
        """The server as its own pages name it."""
        return f"http://{ADDRESS}:{self.port}"

    async def ticket_for(self, agent_id: str, who: str = "admin") -> str:
        """A ticket that an integrator's server asked for."""
        status, shown = await self.ask("POST", "/v1/tickets", who, json={"agent_id": agent_id})
        assert status == 201
        return str(shown["ticket"])

    async def bearer_of(self, agent_id: str) -> dict[str, str]:
        """The header of a person's session."""
        ticket = await self.ticket_for(agent_id)
        async with self.client.post("/v1/session", json={"ticket": ticket}) as answer:
            assert answer.status == 201
            return {"Authorization": f"Bearer {(await answer.json())['token']}"}

    def auth(self, who: str = "admin") -> dict[str, str]:
        """The header of a token."""
        return {"Authorization": f"Bearer {WORDS[who]}"}

    async def ask(self, method: str, path: str, who: str = "admin", **more: Any) -> tuple[int, Any]:
        """One request; status and JSON."""
        async with self.client.request(method, path, headers=self.auth(who), **more) as answer:
            return answer.status, await answer.json(content_type=None)


@asynccontextmanager
async def running_city(
    folder: Path,
    limits: LiveLimits | None = None,
    memory: int = 100,
    body_timeout_s: float = 5.0,
    snapshot: Callable[[], dict[str, Any]] | None = None,
    has_operations: bool = True,
    keeper: Keeper | None = None,
    embedders: tuple[str, ...] = (),
    hosts: tuple[str, ...] = (),
    is_supervision_shown: bool = False,
    request_limits: RequestLimits | None = None,
    self_checks: SelfCheckPort | None = None,
) -> AsyncIterator[City]:
    """A server on a free port, and a client."""
    shown: dict[str, Any] = {"waiting": 0}
    stream = EventStream("stream-1", lambda: NOW, snapshot or (lambda: shown), memory=memory)
    agents, calls, recordings, health = Agents(), Calls(), Recordings(folder), Health()
    ears = Ears(calls)
    control, ledger, wall, kept = CallControl(), Ledger(), Wall(), keeper or Keeper()
    ports = Ports(
        agents=agents,
        calls=calls,
        recordings=recordings,
        health=health,
        events=stream,
        operations=control if has_operations else None,
        decisions=Decided() if has_operations else None,
        listening=ears if has_operations else None,
        ledger=ledger,
        people=People(),
        keeper=kept,
        self_checks=self_checks,
    )
    app = make_app(
        ports,
        TOKENS,
        version="1.2.3",
        limits=limits,
        body_timeout_s=body_timeout_s,
        embedders=embedders,
        hosts=hosts,
        is_supervision_shown=is_supervision_shown,
        request_limits=request_limits,
        wall=wall,
    )
    server = await serve(app, ADDRESS, 0)
    try:
        jar = aiohttp.CookieJar(unsafe=True)  # cookies of an address, as a browser keeps them
        async with aiohttp.ClientSession(f"http://{ADDRESS}:{server.port}", cookie_jar=jar) as client:
            yield City(
                agents,
                calls,
                recordings,
                health,
                stream,
                control,
                ears,
                ledger,
                kept,
                wall,
                shown,
                server.port,
                app[LIVE],
                client,
            )
    finally:
        await server.close()
