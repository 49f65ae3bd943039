"""The AsyncAPI 3.0 document of the live connections, made of the structs that read their messages and of the route table.

On the channel `/v1/events` a reader says who it is, is told a snapshot (or goes on where it was) and numbered events, and
asks for operations as commands, whose answers are what HTTP would have answered.  On `/v1/calls/{call_id}/listen` one is
sent the sound of a call.
"""

import dataclasses
import typing
from collections.abc import Iterable, Mapping
from typing import Any

from api.document import FIELD_FAULT, PROBLEM
from api.listening import ListeningView, ListenMessage, ListenQuery
from api.live_messages import OWN_KINDS, TOLD, EventMessage, Shown
from api.requests import (
    NAMED_IN_MESSAGES,
    AuthenticateMessage,
    CommandMessage,
    EventsQuery,
    Nothing,
    PingMessage,
)
from api.route import Route
from api.routes import ROUTES
from api.schemas import describe, describe_field, has_default, outside_name

Json = dict[str, Any]

_PROBLEM_REF = {"$ref": "#/components/schemas/Problem"}


def make_async_document(
    version: str, kinds: Mapping[str, Shown] | None = None, routes: tuple[Route, ...] = ROUTES
) -> Json:
    """The whole document.

    `kinds` are the events of the softswitch: each with the class of its data and the fields of it that readers are shown.
    """
    known: Json = {"Problem": PROBLEM, "FieldFault": FIELD_FAULT}
    messages: Json = {}
    read = {
        "authenticate": _plain(
            "身份,浏览器的第一条消息 / who it is, a browser's first", AuthenticateMessage, known
        ),
        "ping": _plain("是否还在 / whether the line lives", PingMessage, known),
    }
    told = {name: _plain(text, cls, known) for name, (text, cls) in TOLD.items()}
    for kind, shown in sorted({**OWN_KINDS, **(kinds or {})}.items()):
        told[f"event.{kind}"] = _event(kind, shown, known)
    commands = [route for route in routes if route.command]
    asked = {f"command.{route.command}": _command(route, known) for route in commands}
    answered = {f"answer.{route.command}": _answer(route, known) for route in commands}
    messages = {**read, **asked, **told, **answered}
    listen = {"listen": _plain("浏览器的第一条消息 / a browser's first", ListenMessage, known)}
    heard = {
        "listening": _plain("声音的格式 / what the sound is", ListeningView, known),
        "sound": {
            "summary": "20 ms",
            "contentType": "audio/PCMA",
            "payload": {"type": "string", "format": "binary"},
        },
    }
    operations = {
        "beRead": _operation("receive", "读者发来 / what a reader sends beside commands", read),
        "tell": _operation("send", "告知读者 / what a reader is told", told),
        "beAskedForSound": _operation("receive", "监听者发来 / what a listener sends", listen, "listen"),
        "letHear": _operation("send", "发给监听者 / what a listener is sent", heard, "listen"),
        **{
            f"do_{route.command}": {
                **_operation("receive", route.summary, [f"command.{route.command}"]),
                "reply": {
                    "channel": {"$ref": "#/channels/live"},
                    "messages": _references([f"answer.{route.command}"]),
                },
            }
            for route in commands
        },
    }
    return {
        "asyncapi": "3.0.0",
        "info": {"title": "12345 热线软交换 / hotline softswitch", "version": version},
        "defaultContentType": "application/json",
        "channels": {
            "live": _channel("/v1/events", messages, EventsQuery, known),
            "listen": {
                **_channel("/v1/calls/{call_id}/listen", [*listen, *heard], ListenQuery, known),
                "parameters": {"call_id": {"description": "通话 / the call"}},
            },
        },
        "operations": operations,
        "components": {"messages": {**messages, **listen, **heard}, "schemas": known},
    }


def _channel(address: str, messages: Iterable[str], query: type, known: Json) -> Json:
    return {
        "address": address,
        "description": "WebSocket",
        "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in messages},
        "bindings": {"ws": {"query": _inline(query, known), "bindingVersion": "0.1.0"}},
    }


def _operation(action: str, summary: str, messages: Iterable[str], channel: str = "live") -> Json:
    return {
        "action": action,
        "channel": {"$ref": f"#/channels/{channel}"},
        "summary": summary,
        "messages": _references(messages, channel),
    }


def _references(messages: Iterable[str], channel: str = "live") -> list[Json]:
    return [{"$ref": f"#/channels/{channel}/messages/{name}"} for name in messages]


def _plain(summary: str, cls: type, known: Json) -> Json:
    return {"summary": summary, "payload": describe(cls, known)}


def _command(route: Route, known: Json) -> Json:
    """A command of one name: what its path needs must be named, and its body is that of the endpoint."""
    fields = _inline(CommandMessage, known)
    needed = list(fields["required"])
    for name in NAMED_IN_MESSAGES:
        if f"{{{name}}}" not in route.path:
            del fields["properties"][name]
        elif name != "agent_id":  # a person may leave the agent out, who then is meant
            needed.append(name)
    fields["properties"]["name"] = {"const": route.command}
    if route.body is not None and route.body is not Nothing:
        fields["properties"]["body"] = describe(route.body, known)
        needed += ["body"] if any(not has_default(each) for each in dataclasses.fields(route.body)) else []
    if not route.is_done_once:
        del fields["properties"]["idempotency_key"]
    return {"summary": route.summary, "payload": {**fields, "required": needed}}


def _answer(route: Route, known: Json) -> Json:
    payload = {
        "type": "object",
        "properties": {
            "type": {"const": "answer"},
            "id": {"type": "string", "description": "命令的编号 / that of the command"},
            "name": {"const": route.command},
            "status": {"type": "integer", "description": "HTTP 状态 / as over HTTP"},
            "body": {"anyOf": [describe(route.shows, known), _PROBLEM_REF]},
        },
        "required": ["type", "id", "name", "status", "body"],
    }
    return {"summary": route.summary, "payload": payload}


def _event(kind: str, shown: Shown, known: Json) -> Json:
    """An event of one kind.  More data may come with a later version: readers leave alone what they do not know."""
    fields = _inline(EventMessage, known)
    fields["properties"]["kind"] = {"const": kind}
    data = _inline(shown.of, known, shown.fields)
    data["properties"] |= {name: describe(hint, known) for name, hint in shown.more}
    fields["properties"]["data"] = data
    return {"summary": (shown.of.__doc__ or kind).strip().partition("\n")[0], "payload": fields}


def _inline(cls: Any, known: Json, only: tuple[str, ...] | None = None) -> Json:
    """The schema of a class, in place; its own classes are referred to."""
    hints = typing.get_type_hints(cls)
    fields = [each for each in dataclasses.fields(cls) if only is None or each.name in only]
    return {
        "type": "object",
        "properties": {outside_name(each): describe_field(each, hints[each.name], known) for each in fields},
        "required": [outside_name(each) for each in fields if only is not None or not has_default(each)],
    }
