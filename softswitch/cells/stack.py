"""The one pjsua2 endpoint of a cell: how it is set up, and the objects that catch its callbacks.

No sound: every offer and answer is `a=inactive`, and media go over the stack's loop transport, so that a
leg opens no socket at all.  Every callback is caught here: an exception must not travel into native code.
"""

import sys
import traceback
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Protocol

import pjsua2 as pj

from softswitch.cells.messages import Credentials, Header, MakeLeg, SendRequest
from softswitch.cells.packet_filter import attach, descriptor_bound_to, only_from

TOO_MANY_CALLS = 70010  # PJ_ETOOMANY
KEPT_CODEC = "PCMA/"
# The stack sends these by itself; any other UAC transaction of a call is an ordered request.
_OWN_METHODS = frozenset({"INVITE", "ACK", "BYE", "CANCEL", "PRACK", "UPDATE"})


class StackFailed(Exception):
    """The SIP stack refused to do something; `code` as in `LegFailed`."""

    def __init__(self, code: str, detail: str) -> None:
        """Keep the code and the stack's own words."""
        super().__init__(f"{code}: {detail}")
        self.code = code
        self.detail = detail


@dataclass(frozen=True, slots=True, kw_only=True)
class StateChanged:
    """A call's dialog changed: the stack's state and status, and the message that did it ("" when none)."""

    state: int
    status: int
    reason: str
    received: str

    @property
    def is_early(self) -> bool:
        """A 1xx other than 100."""
        return bool(self.state == pj.PJSIP_INV_STATE_EARLY)

    @property
    def is_confirmed(self) -> bool:
        """2xx and ACK."""
        return bool(self.state == pj.PJSIP_INV_STATE_CONFIRMED)

    @property
    def is_disconnected(self) -> bool:
        """The end, though the native slot may still be held."""
        return bool(self.state == pj.PJSIP_INV_STATE_DISCONNECTED)


class StackObserver(Protocol):
    """Who is told what happens in the stack, always from inside `Stack.handle_events` or a call of ours."""

    def invite_received(self, native_id: int, message: str) -> None:
        """An INVITE took the native slot `native_id`; `Stack.adopt` it."""

    def invite_refused(self, message: str) -> None:
        """The stack answered 486 by itself: no slot was free."""

    def state_changed(self, call: "NativeCall", change: StateChanged) -> None:
        """A call's dialog changed."""

    def request_answered(self, call: "NativeCall", method: str, status: int) -> None:
        """An ordered in-dialog request has its final answer, or timed out (408)."""


class NativeCall(pj.Call):  # type: ignore[misc]  # pjsua2 has no types
    """One call of the stack.  Keep it until its slot is free: dropping a live one would send BYE."""

    def __init__(self, account: "_Account", observer: StackObserver, native_id: int = -1) -> None:
        super().__init__(account, native_id)
        self._observer = observer

    def onCallState(self, prm: Any) -> None:
        """The dialog's state changed (pjsua2 callback)."""
        try:
            info = self.getInfo()
            self._observer.state_changed(
                self,
                StateChanged(
                    state=info.state,
                    status=info.lastStatusCode,
                    reason=info.lastReason,
                    received=_received_message(prm.e),
                ),
            )
        except Exception:
            traceback.print_exc(file=sys.stderr)

    def onCallTsxState(self, prm: Any) -> None:
        """A transaction in the dialog changed (pjsua2 callback)."""
        try:
            event = prm.e
            body = event.body
            change = body.tsxState
            transaction = change.tsx
            if transaction.role != pj.PJSIP_ROLE_UAC or transaction.method in _OWN_METHODS:
                return
            answered = transaction.state == pj.PJSIP_TSX_STATE_COMPLETED
            given_up = (
                transaction.state == pj.PJSIP_TSX_STATE_TERMINATED
                and change.prevState != pj.PJSIP_TSX_STATE_COMPLETED
            )
            if answered or given_up:
                self._observer.request_answered(self, transaction.method, transaction.statusCode or 408)
        except Exception:
            traceback.print_exc(file=sys.stderr)

    @property
    def slot_is_free(self) -> bool:
        """Whether the native slot of this ended call was given back."""
        try:
            self.getInfo()
        except pj.Error:
            return True
        return False

    def answer_with(self, status: int, headers: Iterable[Header]) -> None:
        """Send a 1xx or 2xx.  Raises `StackFailed`."""
        parameters = _call_parameters(headers)
        parameters.statusCode = status
        try:
            self.answer(parameters)
        except pj.Error as error:
            raise _failed(error) from error

    def end_with(self, status: int, headers: Iterable[Header]) -> None:
        """Send CANCEL, BYE or the final answer, as the dialog needs.  Raises `StackFailed`."""
        parameters = _call_parameters(headers)
        parameters.statusCode = status
        try:
            self.hangup(parameters)
        except pj.Error as error:
            raise _failed(error) from error

    def request(self, order: SendRequest) -> None:
        """Send an in-dialog request.  Raises `StackFailed`."""
        parameters = pj.CallSendRequestParam()
        parameters.method = order.method
        _add_headers(parameters.txOption, order.headers)
        parameters.txOption.contentType = order.content_type
        parameters.txOption.msgBody = order.body
        try:
            self.sendRequest(parameters)
        except pj.Error as error:
            raise _failed(error) from error


class _Account(pj.Account):  # type: ignore[misc]  # pjsua2 has no types
    """The cell's only account: catches INVITEs."""

    def __init__(self, observer: StackObserver) -> None:
        super().__init__()
        self._observer = observer

    def onIncomingCall(self, prm: Any) -> None:
        """An INVITE has a slot (pjsua2 callback)."""
        try:
            rdata = prm.rdata
            self._observer.invite_received(prm.callId, rdata.wholeMsg)
        except Exception:
            traceback.print_exc(file=sys.stderr)


class _Endpoint(pj.Endpoint):  # type: ignore[misc]  # pjsua2 has no types
    """The endpoint: catches INVITEs that the stack refused by itself."""

    def __init__(self, observer: StackObserver) -> None:
        super().__init__()
        self._observer = observer

    def onRejectedIncomingCall(self, prm: Any) -> None:
        """An INVITE found no slot (pjsua2 callback)."""
        try:
            rdata = prm.rdata
            self._observer.invite_refused(rdata.wholeMsg)
        except Exception:
            traceback.print_exc(file=sys.stderr)


class Stack:
    """A running endpoint on one loopback address.  All of it belongs to one thread."""

    def __init__(
        self, *, address: str, port: int, edge: tuple[str, int], capacity: int, observer: StackObserver
    ) -> None:
        """Start the endpoint.  Raises `StackFailed`, for one when the address is taken."""
        self._observer = observer
        self._credentials: Credentials | None = None
        try:
            self._endpoint = _Endpoint(observer)
            self._endpoint.libCreate()
            self._endpoint.libInit(_endpoint_settings(capacity))
            transport = pj.TransportConfig()
            transport.boundAddress = address
            transport.port = port
            self._endpoint.transportCreate(pj.PJSIP_TRANSPORT_UDP, transport)
            descriptor = descriptor_bound_to(address, port)
            if descriptor is None:
                raise StackFailed("stack_error", f"no socket at {address}:{port}")
            attach(descriptor, only_from(*edge))
            self._endpoint.libStart()
            self._endpoint.audDevManager().setNoDev()
            for codec in self._endpoint.codecEnum2():
                kept = codec.codecId.startswith(KEPT_CODEC)
                self._endpoint.codecSetPriority(codec.codecId, 128 if kept else 0)
            self._account_settings = _account_settings(address, edge)
            self._account = _Account(observer)
            self._account.create(self._account_settings)
        except pj.Error as error:
            raise _failed(error) from error

    def handle_events(self, timeout_ms: int) -> bool:
        """Wait for the network or a timer for at most so long and serve what is due; False when it failed."""
        return bool(self._endpoint.libHandleEvents(timeout_ms) >= 0)

    def adopt(self, native_id: int) -> NativeCall:
        """The call object of an INVITE that was just received."""
        return NativeCall(self._account, self._observer, native_id)

    def new_call(self) -> NativeCall:
        """A call object to `invite` with: known to the caller before its first callback."""
        return NativeCall(self._account, self._observer)

    def invite(self, call: NativeCall, order: MakeLeg, headers: Iterable[Header]) -> None:
        """Send the INVITE of `order`.  Raises `StackFailed`: `cell_full` when no slot is free."""
        parameters = _call_parameters(headers)
        parameters.opt.flag |= pj.PJSUA_CALL_SET_MEDIA_DIR
        parameters.opt.mediaDir.append(0)
        parameters.opt.videoCount = 0
        parameters.txOption.localUri = order.from_uri
        try:
            self._use_credentials(order.credentials)
            call.makeCall(order.request_uri, parameters)
        except pj.Error as error:
            raise _failed(error) from error

    def _use_credentials(self, credentials: Credentials | None) -> None:
        """The stack copies the account's credentials into each new call: change them just before it."""
        if credentials == self._credentials:
            return
        wanted = self._account_settings.sipConfig.authCreds
        wanted.clear()
        if credentials is not None:
            wanted.append(
                pj.AuthCredInfo("digest", credentials.realm, credentials.username, 0, credentials.password)
            )
        self._account.modify(self._account_settings)
        self._credentials = credentials


def header_of(message: str, name: str) -> str | None:
    """The value of a header of ours in a whole message.  The edge writes it plainly: never folded."""
    wanted = name.lower()
    for line in message.split("\r\n")[1:]:
        if not line:
            return None
        found, colon, value = line.partition(":")
        if colon and found.strip().lower() == wanted:
            return value.strip()
    return None


def _endpoint_settings(capacity: int) -> Any:
    settings = pj.EpConfig()
    settings.uaConfig.threadCnt = 0
    settings.uaConfig.mainThreadOnly = True
    settings.uaConfig.maxCalls = capacity
    settings.uaConfig.natTypeInSdp = 0
    settings.uaConfig.userAgent = ""
    settings.uaConfig.mwiUnsolicitedEnabled = False
    settings.medConfig.threadCnt = 0
    settings.medConfig.hasIoqueue = False
    settings.medConfig.noVad = True
    settings.logConfig.level = 0  # what fails is raised as well; asserts write to stderr on their own
    settings.logConfig.consoleLevel = 0
    settings.logConfig.msgLogging = 0
    return settings


def _account_settings(address: str, edge: tuple[str, int]) -> Any:
    settings = pj.AccountConfig()
    settings.idUri = f"sip:cell@{address}"
    settings.regConfig.registerOnAdd = False
    settings.sipConfig.proxies.append(f"sip:{edge[0]}:{edge[1]};lr")
    settings.mediaConfig.useLoopMedTp = True
    settings.mediaConfig.transportConfig.boundAddress = address
    settings.mediaConfig.transportConfig.port = 4000  # written into SDP that nobody reads; nothing is bound
    return settings


def _call_parameters(headers: Iterable[Header]) -> Any:
    parameters = pj.CallOpParam(True)
    _add_headers(parameters.txOption, headers)
    return parameters


def _add_headers(option: Any, headers: Iterable[Header]) -> None:
    for name, value in headers:
        if not name.isascii() or not name.replace("-", "").isalnum() or not _is_plain(value):
            raise StackFailed("bad_header", name[:64])
        header = pj.SipHeader()
        header.hName = name
        header.hValue = value
        option.headers.append(header)


def _is_plain(value: str) -> bool:
    """No control character may slip into a message: a line break would begin a header of its own."""
    return not any(ord(character) < 32 or ord(character) == 127 for character in value)


def _received_message(event: Any) -> str:
    """The message behind a state change, "" when none was received (each SWIG step bound: they dangle)."""
    body = event.body
    if event.type == pj.PJSIP_EVENT_TSX_STATE:
        change = body.tsxState
        if change.type != pj.PJSIP_EVENT_RX_MSG:
            return ""
        source = change.src
        rdata = source.rdata
        return str(rdata.wholeMsg)
    if event.type == pj.PJSIP_EVENT_RX_MSG:
        received = body.rxMsg
        rdata = received.rdata
        return str(rdata.wholeMsg)
    return ""


def _failed(error: Any) -> StackFailed:
    code = "cell_full" if error.status == TOO_MANY_CALLS else "stack_error"
    return StackFailed(code, f"{error.title}: {error.reason} ({error.status})")
