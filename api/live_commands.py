"""Operations over the live connection: the same names, bodies, rights and answers as over HTTP."""

import json
from collections.abc import Callable
from typing import Any

import structlog
from aiohttp import web

from api.actors import Actor
from api.faults import NotFound
from api.json_text import parse
from api.problems import from_exception
from api.requests import NAMED_IN_MESSAGES, CommandMessage, Nothing
from api.route import Route
from api.schemas import FieldFault, InvalidRequest, bind
from api.service import Errand, Service
from api.single_use import Answer

_log = structlog.get_logger(__name__)

AT_ONCE = 50
PER_S = 20.0


class CommandFlood(Exception):
    """More commands than anybody could click."""


class Commands:
    """The commands of one connection, in the order in which they come."""

    def __init__(
        self, service: Service, routes: dict[str, Route], request: web.Request, clock: Callable[[], float]
    ) -> None:
        """`clock` gives steady seconds."""
        self._service = service
        self._routes = routes
        self._request = request
        self._clock = clock
        self._left = float(AT_ONCE)
        self._counted_at = clock()

    async def answer(self, text: str, actor: Actor) -> str:
        """Do what a message asks for and say what came of it."""
        head: dict[str, Any] = {"type": "answer", "id": None, "name": None}
        try:
            value = parse(text.encode("utf-8", "surrogatepass"))
            if isinstance(value, dict):
                head |= {name: value[name] for name in ("id", "name") if isinstance(value.get(name), str)}
            message = bind(CommandMessage, _object(value), is_text=False)
            answer = await self._do(message, actor)
        except Exception as error:  # whatever an operation raises is answered; nothing of it is shown
            problem = from_exception(error)
            answer = Answer(status=problem.status, text=problem.text or "{}")
        _log.info("live.command", name=head["name"], status=answer.status, who=actor.name)
        head["status"] = answer.status
        return f'{json.dumps(head, ensure_ascii=True)[:-1]},"body":{answer.text}}}'

    async def _do(self, message: CommandMessage, actor: Actor) -> Answer:
        route = self._routes.get(message.name)
        if route is None:
            raise NotFound("operation", message.name)
        errand = Errand(
            route=route,
            request=self._request,
            actor=actor,
            ids=_ids(route, message, actor),
            query=Nothing(),
            body=bind(route.body or Nothing, message.body, is_text=False),
            key=message.idempotency_key,
        )
        answer = await self._service.carry_out(errand)
        if isinstance(answer, web.StreamResponse):
            raise TypeError(f"{route.command} answers with more than text")
        return answer

    def count(self) -> None:
        """One more message has come; `CommandFlood` when there are more than anybody could click."""
        now = self._clock()
        self._left = min(float(AT_ONCE), self._left + (now - self._counted_at) * PER_S)
        self._counted_at = now
        if self._left < 1:
            raise CommandFlood
        self._left -= 1


def _ids(route: Route, message: CommandMessage, actor: Actor) -> dict[str, str]:
    """What stands in the path over HTTP; a person who names no agent is meant."""
    ids = {name: str(getattr(message, name)) for name in NAMED_IN_MESSAGES if f"{{{name}}}" in route.path}
    if ids.get("agent_id") == "" and actor.person is not None:
        ids["agent_id"] = actor.person.agent_id
    return ids


def _object(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise InvalidRequest(
            (FieldFault(field="", code="wrong_type", detail="应为对象 / expected an object"),)
        )
    return value
