"""Trunks: whether they answer OPTIONS, and the registrations that we hold at them (RFC 3261 section 10.2).

`options_misses` pings lost in a row make a trunk down; after one that is lost the next goes out at once.
"""

import secrets
from dataclasses import dataclass, field
from functools import partial

import structlog

from softswitch.clock import Alarm
from softswitch.settings.trunks import TrunkSettings
from softswitch.sip.allow_list import MAX_FORWARDS, Header
from softswitch.sip.digest import Credentials, best_challenge, respond
from softswitch.sip.events import TrunkStateChanged
from softswitch.sip.flows import Flow
from softswitch.sip.grammar import unquoted
from softswitch.sip.message import Headers, MalformedMessage, Request, Response, parse_number
from softswitch.sip.phone_watch import options_request
from softswitch.sip.wiring import Wiring

log = structlog.get_logger(__name__)

REGISTRATION_S = 600
RETRY_S = 30.0
MOST_TRIES = 2


@dataclass(slots=True)
class _Watched:
    """One trunk: what its ping and its registration say.  None: not known yet."""

    trunk: TrunkSettings
    flow: Flow | None
    answers: bool | None
    registered: bool | None
    told: bool | None = None
    call_id: str = field(default_factory=lambda: secrets.token_hex(12))
    cseq: int = 0
    pings: int = 0
    newest_answered: int = 0  # of the pings
    missed: int = 0  # of the pings, in a row
    alarms: dict[str, Alarm] = field(default_factory=dict)

    @property
    def is_up(self) -> bool:
        """Up until something we asked for says otherwise."""
        return self.answers is not False and self.registered is not False


class TrunkWatch:
    """Watches every trunk that has a host."""

    def __init__(self, wiring: Wiring, name: str) -> None:
        self._wiring = wiring
        self._name = name
        self._watched: dict[str, _Watched] = {}

    def start(self, addresses: dict[str, str]) -> None:
        """Begin; `addresses` gives the numeric address of each trunk's host that could be resolved."""
        for name, trunk in self._wiring.trunks.items():
            watched = _Watched(trunk, None, None, False if trunk.register else None)
            self._watched[name] = watched
            if name in addresses:
                self.found(name, addresses[name])
            elif trunk.host and (trunk.options_ping or trunk.register):
                watched.answers = False
                self._tell(watched, "no route to the trunk")

    def found(self, name: str, address: str) -> None:
        """The host of a trunk has an address: it takes calls, is pinged and registered with as it wants."""
        wiring, watched = self._wiring, self._watched[name]
        trunk = watched.trunk
        self._leave(watched)  # it may have moved
        wiring.trunk_hosts.setdefault(address, trunk)
        watched.flow = wiring.transports.flow_to(str(trunk.protocol), address, trunk.port)
        if watched.flow is None:
            if trunk.options_ping or trunk.register:
                watched.answers = False
                self._tell(watched, "no route to the trunk")
            return
        watched.answers = None
        if trunk.options_ping:
            self._ping(watched)
        if trunk.register:
            self._register(watched)

    def _leave(self, watched: _Watched) -> None:
        """Ask nothing any more where a trunk is now."""
        for alarm in watched.alarms.values():
            alarm.cancel()
        if watched.flow is not None and self._wiring.trunk_hosts.get(watched.flow.address) is watched.trunk:
            del self._wiring.trunk_hosts[watched.flow.address]

    def stop(self) -> None:
        """Ask nothing any more."""
        for watched in self._watched.values():
            watched.flow = None
            for alarm in watched.alarms.values():
                alarm.cancel()

    def is_up(self, name: str) -> bool:
        """Whether calls may be sent to a trunk."""
        watched = self._watched.get(name)
        return watched is not None and watched.is_up

    def doubt(self, name: str) -> None:
        """A call found nobody there: it is down until it answers a ping, and is asked at once."""
        watched = self._watched.get(name)
        if watched is None or not watched.trunk.options_ping or watched.answers is False:
            return
        watched.answers = False
        self._tell(watched, "invite_unanswered")
        self._ping_at_once(watched)

    def flow_of(self, name: str) -> Flow | None:
        """Return the way to a trunk, None when it takes no calls."""
        watched = self._watched.get(name)
        return None if watched is None else watched.flow

    def _tell(self, watched: _Watched, cause: str) -> None:
        up = watched.is_up
        if up == watched.told or up and watched.told is None and not self._is_known(watched):
            return
        watched.told = up
        self._wiring.emit(TrunkStateChanged(trunk=watched.trunk.name, up=up, cause=cause))

    def _is_known(self, watched: _Watched) -> bool:
        pinged = not watched.trunk.options_ping or watched.answers is not None
        return pinged and (not watched.trunk.register or watched.registered is not None)

    # --- OPTIONS --------------------------------------------------------------------------------------------------

    def _ping_at_once(self, watched: _Watched) -> None:
        alarm = watched.alarms.pop("ping", None)
        if alarm is not None:
            alarm.cancel()
        self._ping(watched)

    def _ping(self, watched: _Watched) -> None:
        wiring, flow = self._wiring, watched.flow
        if flow is None:
            return
        watched.alarms["ping"] = wiring.clock.after(
            wiring.settings.options_interval_s, lambda: self._ping(watched)
        )
        watched.pings += 1
        number = watched.pings
        branch = wiring.fresh_branch()
        uri = f"sip:{_uri_host(watched.trunk.host)}:{watched.trunk.port}"
        data = options_request(wiring, uri, flow, branch, self._name, 1).serialise()

        def answered(response: Response, source: str) -> None:
            if response.status >= 200 and source == flow.address:
                watched.newest_answered = max(number, watched.newest_answered)
                watched.missed = 0
                watched.answers = response.status != 503
                self._tell(watched, "options_answered" if watched.answers else "options_503")

        def unanswered() -> None:
            if number < watched.newest_answered or watched.flow is not flow:
                return  # it was lost on a way that works again, or is no way any more
            watched.missed += 1
            if watched.answers is not False and watched.missed < wiring.settings.options_misses:
                self._ping_at_once(watched)
                return
            watched.answers = False
            self._tell(watched, "options_timeout")

        wiring.clients.begin(
            branch,
            "OPTIONS",
            lambda: wiring.transports.send(flow, data),
            answered,
            unanswered,
            is_reliable=flow.is_reliable,
            timeout_s=wiring.settings.options_timeout_s,
        )

    # --- REGISTER -------------------------------------------------------------------------------------------------

    def _register(
        self, watched: _Watched, tries: int = 0, proof: Header | None = None, expires_s: int = REGISTRATION_S
    ) -> None:
        wiring, flow, trunk = self._wiring, watched.flow, watched.trunk
        if flow is None:
            return
        watched.cseq += 1
        branch = wiring.fresh_branch()
        listener = wiring.transports.listeners[flow.listener]
        host = _uri_host(trunk.host)
        request = Request("REGISTER", f"sip:{host}:{trunk.port}", headers=Headers())
        lines = request.headers
        lines.add("Via", wiring.outside_via(flow, branch))
        lines.add("Max-Forwards", MAX_FORWARDS)
        lines.add("From", f"<sip:{trunk.username}@{host}>;tag={branch[7:19]}")
        lines.add("To", f"<sip:{trunk.username}@{host}>")
        lines.add("Call-ID", watched.call_id)
        lines.add("CSeq", f"{watched.cseq} REGISTER")
        lines.add("Contact", f"<sip:{trunk.username}@{wiring.host_shown(flow)}{listener.uri_suffix}>")
        lines.add("Expires", str(expires_s))
        if proof is not None:
            lines.add(*proof)
        data = request.serialise()

        def answered(response: Response, source: str) -> None:
            if response.status >= 200 and source == flow.address:
                self._registered(watched, request, response, tries)

        def unanswered() -> None:
            self._not_registered(watched, "registration_timeout")

        wiring.clients.begin(
            branch,
            "REGISTER",
            lambda: wiring.transports.send(flow, data),
            answered,
            unanswered,
            is_reliable=flow.is_reliable,
        )

    def _registered(self, watched: _Watched, request: Request, response: Response, tries: int) -> None:
        if response.status in (401, 407) and tries < MOST_TRIES:
            proof = self._proof(watched.trunk, request, response)
            if proof is not None:
                self._register(watched, tries + 1, proof)
                return
        if response.status == 423 and tries < MOST_TRIES:
            try:
                seconds = parse_number(response.headers.get("Min-Expires") or "", "Min-Expires", 86_400)
            except MalformedMessage:
                seconds = 0
            if seconds:
                self._register(watched, tries + 1, None, seconds)
                return
        if response.status >= 300:
            self._not_registered(watched, f"registration_{response.status}")
            return
        granted = self._granted(watched.trunk, response)
        watched.registered = True
        self._tell(watched, "registered")
        self._again(watched, max(5.0, granted * 0.8))

    def _granted(self, trunk: TrunkSettings, response: Response) -> float:
        """Return the seconds that the registration holds."""
        contacts = response.contacts
        for contact in () if contacts == "*" else contacts:
            text = contact.params.get("expires")
            if text is not None and contact.uri.is_sip and f"{trunk.username}@" in str(contact.uri):
                try:
                    return float(parse_number(unquoted(text), "expires", 2**31 - 1))
                except MalformedMessage:
                    break
        return float(response.expires or REGISTRATION_S)

    def _proof(self, trunk: TrunkSettings, request: Request, response: Response) -> Header | None:
        is_proxy = response.status == 407
        values = response.headers.all("Proxy-Authenticate" if is_proxy else "WWW-Authenticate")
        challenge = best_challenge(values, trunk.realm or None)
        if challenge is None:
            return None
        credentials = Credentials(username=trunk.username, password=trunk.password)
        value = respond(challenge, credentials, "REGISTER", request.uri, 1, secrets.token_hex(8))
        return ("Proxy-Authorization" if is_proxy else "Authorization", value)

    def _not_registered(self, watched: _Watched, cause: str) -> None:
        log.warning("sip.trunk_not_registered", trunk=watched.trunk.name, cause=cause)
        watched.registered = False
        self._tell(watched, cause)
        self._again(watched, RETRY_S)

    def _again(self, watched: _Watched, delay_s: float) -> None:
        watched.alarms["register"] = self._wiring.clock.after(delay_s, partial(self._register, watched))


def _uri_host(host: str) -> str:
    return f"[{host}]" if ":" in host else host
