"""Carrying out what was asked, whether over HTTP or over a live connection: the rights, the key, the ledger."""

import dataclasses
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from api.actors import Actor, Role
from api.call_index import Concern
from api.exchange import Exchange
from api.gate import Gate
from api.json_text import dump, to_plain
from api.live_messages import SeatCommand
from api.ports import ForcedAction, Ports
from api.problems import Forbidden, NotYours, PasswordOutdated, Unauthenticated, status_and_code
from api.reach import Reach
from api.route import Route
from api.schemas import FieldFault, InvalidRequest, compiled
from api.single_use import HEADER, KEY_PATTERN, Answer, SingleUse

_SHOWN_TO_WATCHERS = ("number", "kind", "to", "reason", "extension", "initial_state", "party", "seconds")
_NOT_DONE_THERE = frozenset({401, 403, 404})
"""Somebody else, or nobody, asked: that says nothing of the seat."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Errand:
    """One thing that was asked, with all that came with it.  `key` is the idempotency key, empty for none."""

    route: Route
    request: web.Request
    actor: Actor | None
    ids: Mapping[str, str]
    query: Any
    body: Any
    key: str = ""


class Service:
    """Does errands."""

    def __init__(self, ports: Ports, gate: Gate, single_use: SingleUse) -> None:
        """Ask these ports."""
        self._ports = ports
        self._gate = gate
        self._single_use = single_use

    def admit(self, route: Route, actor: Actor | None) -> None:
        """Whether this actor may ask for this at all; `Unauthenticated` or `Forbidden`."""
        if route.is_open or (route.is_upgrade and actor is None):
            return  # a browser's page says in its first message who it is, and is checked then
        if actor is None:
            raise Unauthenticated
        if actor.person is not None and actor.person.must_change and not route.is_before_change:
            raise PasswordOutdated
        if not actor.may(route.scopes, route.people):
            raise Forbidden(tuple(sorted(route.scopes)))

    async def carry_out(self, errand: Errand) -> Answer | web.StreamResponse:
        """The answer; raises the faults of `api.problems`.  Whoever watches the seat is told of it."""
        try:
            answer = await self._carry_out(errand)
        except Exception as error:
            self._tell_watchers(errand, *status_and_code(error))
            raise
        self._tell_watchers(errand, answer.status, "")
        return answer

    def _tell_watchers(self, errand: Errand, status: int, code: str) -> None:
        """Supervisors who watch a seat (监视) see what its agent does in it and what comes of it.

        What is forced upon an agent stands in the ledger instead; keys and attached data are nobody's business.
        """
        person = None if errand.actor is None else errand.actor.person
        agent = errand.ids.get("agent_id") or (None if person is None else person.agent_id)
        if not errand.route.command or errand.route.is_forced or agent is None or status in _NOT_DONE_THERE:
            return
        asked = {
            name: getattr(errand.body, name) for name in _SHOWN_TO_WATCHERS if getattr(errand.body, name, "")
        }
        done = SeatCommand(
            agent=agent,
            command=errand.route.command,
            asked=asked,
            on_call=errand.ids.get("call_id"),
            status=status,
            code=code,
        )
        self._ports.events.publish("seat.command", dataclasses.asdict(done))

    async def _carry_out(self, errand: Errand) -> Answer | web.StreamResponse:
        self.admit(errand.route, errand.actor)
        exchange = self._exchange(errand)
        is_introduced = not (errand.route.is_upgrade and errand.actor is None)
        concern = await self._check_reach(exchange) if is_introduced else None
        await self._need_hand_in_call(errand)
        if not errand.key or not errand.route.is_done_once:
            return await self._do(errand, exchange, concern)
        if not compiled(KEY_PATTERN).fullmatch(errand.key):
            fault = FieldFault(
                field=HEADER, code="not_allowed", detail=f"格式应为 / must match {KEY_PATTERN}"
            )
            raise InvalidRequest((fault,))

        async def work() -> Answer:
            return _kept(errand.route, await self._do(errand, exchange, concern))

        who = "" if errand.actor is None else f"{errand.actor.role}:{errand.actor.name}"
        asked = json.dumps([errand.route.method, errand.route.path, dict(errand.ids), to_plain(errand.body)])
        return await self._single_use.do(who, errand.key, asked, work)

    def _exchange(self, errand: Errand) -> Exchange:
        async def admit(actor: Actor) -> Exchange:
            self.admit(errand.route, actor)
            admitted = self._exchange(dataclasses.replace(errand, actor=actor))
            await self._check_reach(admitted)
            return admitted

        return Exchange(
            request=errand.request,
            ids=errand.ids,
            body=errand.body,
            query=errand.query,
            actor=errand.actor,
            reach=self._gate.reach(errand.actor),
            gate=self._gate,
            admit=admit,
        )

    async def _do(
        self, errand: Errand, exchange: Exchange, concern: Concern | None
    ) -> Answer | web.StreamResponse:
        shown = await errand.route.handler(self._ports, exchange)
        if errand.route.is_forced and not errand.route.is_upgrade and self._ports.ledger is not None:
            self._ports.ledger.record(_forced(errand, concern))
        if isinstance(shown, web.StreamResponse):
            return shown
        return Answer(status=errand.route.status, text=dump(shown))

    async def _check_reach(self, exchange: Exchange) -> Concern | None:
        """Whether what the path and the body name is within reach; `NotYours`.  Returns whom a named call concerns."""
        reach, ids, body = exchange.reach, exchange.ids, exchange.body
        if "agent_id" in ids and not reach.has_agent(ids["agent_id"]):
            raise NotYours
        concern = None
        if "call_id" in ids:
            concern = await self._concern_of_call(exchange.id_of("call"), reach)
            if not reach.has(concern):
                raise NotYours
        call_id = None if reach.is_all else await self._call_of_sound(exchange)
        if call_id is not None and not reach.has(await self._concern_of_call(call_id, reach)):
            raise NotYours
        _check_body(exchange.actor, reach, body)
        return concern

    async def _need_hand_in_call(self, errand: Errand) -> None:
        """An agent who has left a call, or did not take it, may look at it and change nothing of it; `NotYours`."""
        person = None if errand.actor is None else errand.actor.person
        if not errand.route.command or "call_id" not in errand.ids:
            return
        if person is None or person.role is not Role.AGENT:
            return
        if (await self._ports.agents.get(person.agent_id)).call_id != errand.ids["call_id"]:
            raise NotYours

    async def _call_of_sound(self, exchange: Exchange) -> str | None:
        """The call of the recording or the message that the path names; None for a message that agents within reach have."""
        if "recording_id" in exchange.ids:
            return (await self._ports.recordings.get(exchange.id_of("recording"))).call_id
        messages = self._ports.voicemails
        if "voicemail_id" in exchange.ids and messages is not None:
            voicemail_id = exchange.id_of("voicemail")
            if messages.hands(voicemail_id) & exchange.reach.agents:
                return None
            return (await messages.get(voicemail_id)).call_id
        return None

    async def _concern_of_call(self, call_id: str, reach: Reach) -> Concern:
        concern = self._ports.events.concern_of(call_id)
        if concern is not None or reach.is_all:
            return concern or Concern()
        detail = await self._ports.calls.get(call_id)
        agents = {segment.agent for segment in detail.segments} | {detail.call.agent}
        return Concern(
            agents=frozenset(agent for agent in agents if agent),
            queues=frozenset({detail.call.queue} if detail.call.queue else ()),
        )


def _kept(route: Route, answer: Answer | web.StreamResponse) -> Answer:
    """An answer that can be given again: text, perhaps with its ETag."""
    if isinstance(answer, web.Response) and answer.text is not None:
        return Answer(status=answer.status, text=answer.text, etag=answer.headers.get("ETag", ""))
    if isinstance(answer, web.StreamResponse):
        raise TypeError(f"{route.path} answers with more than text")
    return answer


def _check_body(actor: Actor | None, reach: Reach, body: Any) -> None:
    """A person supervises in their own name, and gives calls only to agents within reach."""
    person = None if actor is None else actor.person
    supervisor = getattr(body, "supervisor", None)
    if person is not None and supervisor is not None and supervisor != person.agent_id:
        raise NotYours
    agent = getattr(body, "agent", None)
    if isinstance(agent, str) and agent and not reach.has_agent(agent):
        raise NotYours


def _forced(errand: Errand, concern: Concern | None) -> ForcedAction:
    fields = dataclasses.asdict(errand.body)
    reason = str(fields.pop("reason", ""))
    talking = None if concern is None else concern.talking
    agent = errand.ids.get("agent_id") or fields.get("agent") or talking
    return ForcedAction(
        who="" if errand.actor is None else errand.actor.name,
        action=errand.route.command,
        agent=agent,
        call_id=errand.ids.get("call_id"),
        reason=reason,
        detail={name: value for name, value in fields.items() if name != "agent"},
    )
