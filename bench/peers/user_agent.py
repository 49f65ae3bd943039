"""A SIP user agent over one UDP socket for simulated phones and trunks: calls out, calls in, registrations.

It retransmits what RFC 3261 section 17 wants over UDP, so that a lost datagram costs time and not a call.
"""

import asyncio
import secrets
from collections import OrderedDict
from collections.abc import Callable, Coroutine
from typing import Self, cast

from bench.peers.call import Call, Detour, media_of
from bench.peers.rtp_stream import Pacer, RtpStream
from bench.peers.sip_text import (
    Message,
    destination_of,
    digest_answer,
    host_text,
    new_branch,
    parameter,
    parse,
    response_to,
    uri_in,
)

T1_S = 0.5
T2_S = 4.0
PHRASES = {100: "Trying", 180: "Ringing", 200: "OK", 480: "Unavailable", 486: "Busy Here", 487: "Terminated"}
ANSWERS_KEPT = 2048


class UserAgent(asyncio.DatagramProtocol):
    """One socket, many dialogs.  `on_invite` gets each new incoming call, 100 has been sent by then."""

    def __init__(self, pacer: Pacer | None, tone: bytes, *, keep_s: float = 0.0) -> None:
        self.on_invite: Callable[[Call], None] = lambda call: self.answer(call, 486)
        self.address = ""
        self.port = 0
        self.calls: dict[str, Call] = {}
        self.faults: list[str] = []
        self.detour: Detour | None = None
        self._pacer = pacer
        self._tone = tone
        self._keep_s = keep_s
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.DatagramTransport | None = None
        self._waiting: dict[str, Callable[[Message], None]] = {}
        self._answers: OrderedDict[str, bytes] = OrderedDict()
        self._acks: dict[str, asyncio.Event] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    @classmethod
    async def open(
        cls, pacer: Pacer | None, tone: bytes, address: str, port: int = 0, *, keep_s: float = 0.0
    ) -> Self:
        """Bind the SIP socket."""
        agent = cls(pacer, tone, keep_s=keep_s)
        await asyncio.get_running_loop().create_datagram_endpoint(lambda: agent, local_addr=(address, port))
        return agent

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The socket is bound."""
        self._transport = cast("asyncio.DatagramTransport", transport)
        self.address, self.port = transport.get_extra_info("sockname")[:2]

    def error_received(self, exc: Exception) -> None:
        """A port that is closed for a moment is what retransmissions are for."""

    async def close(self) -> None:
        """Free every socket; nothing is said to the far ends."""
        for task in list(self._tasks):
            task.cancel()
        for call in list(self.calls.values()):
            call.stream.close()
        self.calls.clear()
        if self._transport is not None:
            self._transport.close()
            self._transport = None

    @property
    def contact(self) -> str:
        """Our Contact value without a user."""
        address, port = (self.address, self.port) if self.detour is None else self.detour.outer
        return f"{host_text(address)}:{port}"

    # ---- requests out ----------------------------------------------------------------------------------

    async def request(
        self, message: Message, peer: tuple[str, int], on_provisional: Callable[[Message], None] | None = None
    ) -> Message:
        """Send a request (Via is added) and give its final response; 408 of our own after 32 s."""
        branch = new_branch()
        message.headers.insert(0, ("Via", f"SIP/2.0/UDP {self.contact};branch={branch};rport"))
        final: asyncio.Future[Message] = self._loop.create_future()
        progressed = asyncio.Event()
        invite = message.method == "INVITE"

        def arrived(response: Message) -> None:
            if response.status < 200:
                progressed.set()
                if on_provisional is not None:
                    on_provisional(response)
            elif not final.done():
                final.set_result(response)
            if invite and response.status >= 300:
                self._send(self._refusal_ack(message, response), peer)

        self._waiting[branch] = arrived
        wait, spent = T1_S, 0.0
        try:
            while not final.done():
                if not (invite and progressed.is_set()):
                    self._send(message, peer)
                    timeout = wait
                    wait, spent = min(wait * 2, 32.0 if invite else T2_S), spent + timeout
                else:
                    timeout = 180.0
                    spent += timeout
                await asyncio.wait([final], timeout=timeout)
                if spent >= 32.0 and not final.done():
                    return response_to(message, 408, "Request Timeout")
            return final.result()
        finally:
            # Retransmitted finals of an INVITE must still be acknowledged for a while.
            if invite:
                self._loop.call_later(8.0, self._waiting.pop, branch, None)
            else:
                self._waiting.pop(branch, None)

    @staticmethod
    def _refusal_ack(invite: Message, response: Message) -> Message:
        ack = Message(invite.start.replace("INVITE", "ACK", 1))
        ack.headers = [("Via", invite.get("via"))]
        ack.headers += [(name.title(), invite.get(name)) for name in ("from", "call-id")]
        ack.headers += [("To", response.get("to")), ("CSeq", f"{invite.cseq} ACK"), ("Max-Forwards", "70")]
        ack.headers += [("Route", route) for route in invite.all("route")]
        return ack

    async def register(
        self,
        registrar: tuple[str, int],
        user: str,
        password: str,
        *,
        expires_s: int = 300,
        algorithm: str = "SHA-256",
        domain: str = "",
    ) -> int:
        """One REGISTER, with digest when it is challenged; gives the final status."""
        domain = domain or host_text(registrar[0])
        uri = f"sip:{domain}"
        call_id, tag = secrets.token_hex(8), secrets.token_hex(4)
        authorization = ""
        status = 0
        for cseq in (1, 2):
            message = Message(f"REGISTER {uri} SIP/2.0")
            message.headers = [
                ("From", f"<sip:{user}@{domain}>;tag={tag}"),
                ("To", f"<sip:{user}@{domain}>"),
                ("Call-ID", call_id),
                ("CSeq", f"{cseq} REGISTER"),
                ("Max-Forwards", "70"),
                ("Contact", f"<sip:{user}@{self.contact}>"),
                ("Expires", str(expires_s)),
                ("User-Agent", "desk phone simulation"),
            ]
            if authorization:
                message.headers.append(("Authorization", authorization))
            response = await self.request(message, registrar)
            status = response.status
            if status != 401:
                return status
            authorization = digest_answer(
                response.all("www-authenticate"), user, password, "REGISTER", uri, prefer=algorithm
            )
        return status

    async def call(
        self,
        uri: str,
        caller: str,
        *,
        peer: tuple[str, int] | None = None,
        headers: tuple[tuple[str, str], ...] = (),
        detour: Detour | None = None,
    ) -> Call:
        """Send an INVITE; the returned call's `answered` gives the final status.  RTP flows from the 200 on.

        With `detour` the sound passes that line; signalling passes the agent's own `detour`.
        """
        peer = peer or destination_of(uri)
        stream = await RtpStream.open(self._pacer, self._tone, self.address, keep_s=self._keep_s)
        tag = secrets.token_hex(4)
        invite = Message(f"INVITE {uri} SIP/2.0")
        call_id = f"{secrets.token_hex(8)}@{self.address}"
        invite.headers = [
            ("From", f"<sip:{caller}@{host_text(self.address)}>;tag={tag}"),
            ("To", f"<{uri}>"),
            ("Call-ID", call_id),
            ("CSeq", "1 INVITE"),
            ("Max-Forwards", "70"),
            ("Contact", f"<sip:{caller}@{self.contact}>"),
            ("Allow", "INVITE, ACK, CANCEL, BYE, OPTIONS, UPDATE"),
            ("Content-Type", "application/sdp"),
            *headers,
        ]
        call = Call(
            call_id=call_id,
            incoming=False,
            local=invite.get("from"),
            remote=f"<{uri}>",
            target=uri,
            stream=stream,
            invite=invite,
            peer=peer,
            answered=self._loop.create_future(),
            ended=self._loop.create_future(),
            invited_at=self._loop.time(),
            detour=detour,
        )
        invite.body = call.media(self.address)
        self.calls[call_id] = call
        self._run(self._invite(call))
        return call

    async def _invite(self, call: Call) -> None:
        def progressed(response: Message) -> None:
            if response.status > 100 and call.ringing_at is None:
                call.ringing_at = self._loop.time()

        response = await self.request(call.invite, call.peer, progressed)
        if response.status >= 300:
            if not call.answered.done():
                call.answered.set_result(response.status)
            self._ended(call, str(response.status))
            return
        call.answered_at = self._loop.time()
        call.confirmed = True
        call.remote = response.get("to")
        call.target = uri_in(response.get("contact")) or call.target
        call.routes = list(reversed(response.all("record-route")))
        ack = self._in_dialog(call, "ACK", call.invite.cseq)
        ack.headers.insert(0, ("Via", f"SIP/2.0/UDP {self.contact};branch={new_branch()};rport"))
        self._send(ack, self._next_hop(call))
        branch = call.invite.branch
        # A repeated 200 means that our ACK was lost: say it again.
        self._waiting[branch] = lambda again: (
            self._send(ack, self._next_hop(call)) if again.status == 200 else None
        )
        self._loop.call_later(32.0, self._waiting.pop, branch, None)
        call.start_sound(response.body)
        if not call.answered.done():
            call.answered.set_result(200)

    async def hang_up(self, call: Call, status: int = 486) -> None:
        """End a call the way its state wants: BYE, CANCEL, or a final answer `status`."""
        if call.ended.done():
            return
        if call.confirmed:
            call.cseq += 1
            self._ended(call, "we hung up")
            await self.request(self._in_dialog(call, "BYE", call.cseq), self._next_hop(call))
        elif call.incoming:
            self.answer(call, status)
        else:
            cancel = Message(call.invite.start.replace("INVITE", "CANCEL", 1))
            cancel.headers = [
                (name.title(), call.invite.get(name)) for name in ("via", "from", "to", "call-id")
            ]
            cancel.headers += [("CSeq", f"{call.invite.cseq} CANCEL"), ("Max-Forwards", "70")]
            self._send(cancel, call.peer)

    async def re_invite(self, call: Call, direction: str) -> int:
        """Offer another direction (`sendonly` = hold); gives the final status."""
        call.cseq += 1
        message = self._in_dialog(call, "INVITE", call.cseq)
        message.body = call.media(self.address, direction=direction, version=call.cseq)
        message.headers += [("Contact", f"<sip:{self.contact}>"), ("Content-Type", "application/sdp")]
        response = await self.request(message, self._next_hop(call))
        if response.status == 200:
            ack = self._in_dialog(call, "ACK", call.cseq)
            ack.headers.insert(0, ("Via", f"SIP/2.0/UDP {self.contact};branch={new_branch()};rport"))
            self._send(ack, self._next_hop(call))
        return response.status

    def _in_dialog(self, call: Call, method: str, cseq: int) -> Message:
        message = Message(f"{method} {call.target} SIP/2.0")
        message.headers = [
            ("From", call.local),
            ("To", call.remote),
            ("Call-ID", call.call_id),
            ("CSeq", f"{cseq} {method}"),
            ("Max-Forwards", "70"),
            *(("Route", route) for route in call.routes),
        ]
        return message

    @staticmethod
    def _next_hop(call: Call) -> tuple[str, int]:
        return destination_of(uri_in(call.routes[0]) if call.routes else call.target)

    # ---- what arrives ------------------------------------------------------------------------------------

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        """Responses find their request, requests find their dialog; a repeated request gets its answer again."""
        message = parse(data)
        if message is None:
            return
        try:
            if message.status:
                waiting = self._waiting.get(message.branch)
                if waiting is not None and message.method != "CANCEL":
                    waiting(message)
                return
            known = self._answers.get(f"{message.branch} {message.method}")
            if known is not None and self._transport is not None:
                self._transport.sendto(known, addr)
                return
            self._serve(message, addr)
        except (LookupError, ValueError) as fault:
            self.faults.append(f"{fault!r} in {message.start}")

    def _serve(self, request: Message, addr: tuple[str, int]) -> None:
        call = self.calls.get(request.get("call-id"))
        match request.method:
            case "ACK":
                acknowledged = self._acks.pop(request.get("call-id"), None)
                if acknowledged is not None:
                    acknowledged.set()
            case "INVITE" if call is None:
                self._run(self._arrive(request, addr, self._loop.time()))
            case "INVITE" | "UPDATE" if call is not None:
                media = media_of(request.body)
                if media is not None:
                    call.stream.remote = media
                body = call.media(self.address) if request.body or request.method == "INVITE" else ""
                self._reply(request, addr, 200, tag="", body=body)
            case "BYE" if call is not None:
                self._reply(request, addr, 200)
                self._ended(call, "far end hung up")
            case "CANCEL" if call is not None:
                self._reply(request, addr, 200)
                if not call.confirmed:
                    self._reply(call.invite, call.peer, 487, tag=parameter(call.local, "tag"))
                    self._ended(call, "cancelled")
            case "BYE" | "CANCEL" | "UPDATE":
                self._reply(request, addr, 481, tag=secrets.token_hex(4))
            case _:
                self._reply(request, addr, 200, tag=secrets.token_hex(4))

    async def _arrive(self, invite: Message, addr: tuple[str, int], at: float) -> None:
        tag = secrets.token_hex(4)
        self._answers[f"{invite.branch} INVITE"] = response_to(invite, 100, PHRASES[100]).encode()
        stream = await RtpStream.open(self._pacer, self._tone, self.address, keep_s=self._keep_s)
        call = Call(
            call_id=invite.get("call-id"),
            incoming=True,
            local=f"{invite.get('to')};tag={tag}",
            remote=invite.get("from"),
            target=uri_in(invite.get("contact")),
            stream=stream,
            invite=invite,
            peer=addr,
            answered=self._loop.create_future(),
            ended=self._loop.create_future(),
            routes=invite.all("record-route"),
            invited_at=at,
        )
        self.calls[call.call_id] = call
        self._reply(invite, addr, 100)
        self.on_invite(call)

    def ring(self, call: Call) -> None:
        """180."""
        call.ringing_at = self._loop.time()
        self._reply(call.invite, call.peer, 180, tag=parameter(call.local, "tag"))

    def answer(self, call: Call, status: int = 200) -> None:
        """Answer an incoming call: 200 with our sound, or a refusal."""
        if call.ended.done() or call.confirmed:
            return
        tag = parameter(call.local, "tag")
        if status >= 300:
            self._reply(call.invite, call.peer, status, tag=tag)
            self._ended(call, f"answered {status}")
            return
        call.confirmed = True
        call.answered_at = self._loop.time()
        self._run(self._answer_until_acknowledged(call, tag))
        call.start_sound(call.invite.body)
        if not call.answered.done():
            call.answered.set_result(200)

    async def _answer_until_acknowledged(self, call: Call, tag: str) -> None:
        acknowledged = self._acks.setdefault(call.call_id, asyncio.Event())
        wait = T1_S
        for _ in range(10):
            self._reply(call.invite, call.peer, 200, tag=tag, body=call.media(self.address))
            try:
                async with asyncio.timeout(wait):
                    await acknowledged.wait()
            except TimeoutError:
                wait = min(wait * 2, T2_S)
            else:
                return
        self.faults.append(f"no ACK for {call.call_id}")

    def _reply(
        self, request: Message, addr: tuple[str, int], status: int, *, tag: str = "", body: str = ""
    ) -> None:
        phrase = PHRASES.get(status, "Answer")
        response = response_to(request, status, phrase, tag=tag, body=body)
        if status > 100 and request.method in {"INVITE", "UPDATE"}:
            response.headers.append(("Contact", f"<sip:{self.contact}>"))
        if request.method == "OPTIONS":
            response.headers.append(("Allow", "INVITE, ACK, CANCEL, BYE, OPTIONS, UPDATE"))
        data = response.encode()
        self._answers[f"{request.branch} {request.method}"] = data
        while len(self._answers) > ANSWERS_KEPT:
            self._answers.popitem(last=False)
        if self._transport is not None:
            self._transport.sendto(data, addr)

    def _send(self, message: Message, peer: tuple[str, int]) -> None:
        if self._transport is not None:
            self._transport.sendto(message.encode(), peer if self.detour is None else self.detour.inner)

    def _ended(self, call: Call, how: str) -> None:
        call.stream.close()
        self.calls.pop(call.call_id, None)
        self._acks.pop(call.call_id, None)
        call.ended_at = self._loop.time()
        if not call.answered.done():
            call.answered.set_result(0)
        if not call.ended.done():
            call.ended.set_result(how)

    def _run(self, work: Coroutine[None, None, None]) -> None:
        task = self._loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._finished)

    def _finished(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and task.exception() is not None:
            self.faults.append(repr(task.exception()))
