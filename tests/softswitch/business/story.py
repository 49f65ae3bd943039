"""One story of the manual of routing, played on call control as a whole: people do things, and everybody is somewhere."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from media.events import DigitReceived
from softswitch.business.whole import Machine
from softswitch.calendars.opening import SHANGHAI
from softswitch.calendars.watch import HoursWatch
from softswitch.calls.call import Call, CallState
from softswitch.calls.callback import Callback
from softswitch.calls.hearing import Role
from tests.softswitch.business.test_strategies import Documents, Town
from tests.softswitch.calls.node import CALLER, done

SEATS: Final = {"1001": "8001", "1002": "8002", "1003": "8003"}
MACHINE: Final = Machine(
    trunks=frozenset({"city"}), prompts=frozenset({"welcome", "menu"}), music=frozenset({"waiting"})
)

_STEP = re.compile(r"(\d\d):(\d\d):(\d\d) (.*?)(?:\s+-> (.*))?")


class Story:
    """An example that is played on call control as a whole."""

    def __init__(self, documents: Documents) -> None:
        """The hotline has this business from eight o'clock on, of a Wednesday."""
        self.town = Town(documents, machine=MACHINE)
        self.node = self.town.node
        watch = HoursWatch(self.node.dispatcher, self.node.clock, lambda year: None)
        watch.take(self.town.business)
        self.node.board.callbacks.business = self.town
        night = datetime.fromtimestamp(self.node.clock.wall(), SHANGHAI)
        self._midnight = night.replace(hour=0, minute=0, second=0, microsecond=0)
        self._contacts: dict[str, str] = {}  # by the name in the story
        self._deeds: dict[str, Callable[..., object]] = {
            r"(\d{4}) in": lambda agent: self.node.login(agent, SEATS[agent]),
            r"(\w+) calls(?: from (\d+))?(?: to (\d+))?": self._call,
            r"(\w+) writes an? (\w+)": self._write,
            r"(\d{4}) answers (\w+)": self._answer,
            r"(\d{5,}) answers (\w+)": self._answer_outside,
            r"(\w+) presses (\d)": self._press,
            r"(\d{4}) declines (\w+)": self._decline,
            r"(\d{4}) completes (\w+)": self._complete,
            r"(\d{4}) goes for (\w+)": lambda agent, why: done(self.node.seats.not_ready(agent, why)),
            r"(\w+) hangs up": self._hang_up,
            r"time passes": lambda: None,
        }

    def step(self, line: str) -> tuple[str, ...]:
        """Do what a line says; returns what it expects."""
        found = _STEP.fullmatch(line)
        assert found is not None, f"no line of a story: {line}"
        hours, minutes, seconds, deed, expected = found.groups()
        at = self._midnight + timedelta(hours=int(hours), minutes=int(minutes), seconds=int(seconds))
        self.node.pass_time(at.timestamp() - self.node.clock.wall())
        for pattern, do in self._deeds.items():
            if words := re.fullmatch(pattern, deed):
                do(*words.groups())
                self.node.settle()
                break
        else:
            raise AssertionError(f"nobody knows how to do this: {deed}")
        return tuple(expected.split(", ")) if expected else ()

    def fate(self, name: str) -> str:
        """Where somebody is, in the words of the story."""
        found = self.node.board.contacts.find(self._contacts[name])
        if found is not None:
            agents = tuple(found.offers) or ((found.agent,) if found.agent else ())
            return self._told(name, agents, found.queue)
        call = self._call_of(name)
        if call is None:
            return f"{name} {'is called back later' if self._callback_of(name) else 'gone'}"
        if call.state is CallState.TURNED_AWAY:
            return f"{name} turned away"
        if call.state is CallState.IN_FLOW:
            return f"{name} hears {' '.join(self.node.plane.prompts_of(name))}"
        outside = tuple(party.number for party in call.joined(Role.CONSULTEE))
        agents = tuple(party.agent for party in call.parties if party.agent)
        return self._told(name, agents or outside, call.route.queue)

    def _told(self, name: str, agents: tuple[str, ...], queue: str) -> str:
        if agents:
            return f"{name} {' '.join(sorted(agents))}"
        call = self._call_of(name)
        return f"{name} #{self.node.waits(self._contacts[name] if call is None else call.call_id)} {queue}"

    def _call_of(self, name: str) -> Call | None:
        """The call of a caller, or the one in which they are to be called back; None for who is gone."""
        table, callback = self.node.board.table, self._callback_of(name)
        found = table.find(self._contacts[name])
        return table.find(callback.call_id) if found is None and callback is not None else found

    def _callback_of(self, name: str) -> Callback | None:
        """What a caller asked for who is still to be called back."""
        asked = (each for each in self.node.board.callbacks.all() if each.origin == self._contacts[name])
        return next((each for each in asked if each.is_open), None)

    def _call(self, name: str, caller: str | None, number: str | None) -> None:
        self._contacts[name] = self.node.dial(name, number or "12345", caller or CALLER)
        self.node.sip.acknowledge(name)

    def _write(self, name: str, medium: str) -> None:
        contact = self.node.board.contacts.queue(
            medium, "hotline", level=0, address=name, data={}, by="manual"
        )
        self._contacts[name] = contact.contact_id

    def _answer(self, agent: str, name: str) -> None:
        contact_id = self._contacts[name]
        if self.node.board.contacts.find(contact_id) is not None:
            self.node.board.contacts.accept(agent, contact_id)
            return
        self.node.answer(self._phone(agent, name))

    def _answer_outside(self, number: str, name: str) -> None:
        """Somebody outside whom a rule, or a callback, has rung for a caller."""
        (leg,) = [leg for leg in self.node.ringing() if leg.number == number]
        self.node.sip.pick_up(leg.leg_id)

    def _press(self, name: str, digit: str) -> None:
        self.node.plane.news.append(DigitReceived(leg_id=name, digit=digit, duration_ms=100))

    def _decline(self, agent: str, name: str) -> None:
        leg_id = self._phone(agent, name)
        self.node.sip.ring(leg_id)
        self.node.sip.refuse(leg_id, 603)

    def _phone(self, agent: str, name: str) -> str:
        """The leg of an agent's phone that a call is offered to."""
        call = self._call_of(name)
        assert call is not None
        (leg_id,) = (party.leg_id for party in call.offered if party.agent == agent)
        return leg_id

    def _complete(self, agent: str, name: str) -> None:
        self.node.board.contacts.complete(agent, self._contacts[name])

    def _hang_up(self, name: str) -> None:
        self.node.sip.leave(name)
