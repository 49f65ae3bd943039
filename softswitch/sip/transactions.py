"""The edge's own transactions (RFC 3261 section 17): what it sends until an answer comes, what it answers again.

A transaction knows bytes and deadlines, not dialogs.  Client transactions repeat a request on unreliable ways and
report every response; server transactions repeat a response and, for INVITE, wait for the ACK.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from softswitch.clock import Alarm, Clock
from softswitch.sip.message import Request, Response

T2_S = 4.0
LIFE_T1 = 64  # timers B, F, H, J: a transaction lives 64 times T1

TransactionKey = tuple[str, str, str]
"""What a request and its retransmissions share: what names it, sent-by, and method (RFC 3261 section 17.2.3)."""


def transaction_key(request: Request) -> TransactionKey:
    """Return the key of a request's transaction; an ACK or CANCEL has that of its INVITE.

    Beside the branch stands what RFC 2543 compared: it is all there is without the magic cookie, and it tells apart
    the requests of a client that uses a branch twice.
    """
    via = request.top_via
    method = "INVITE" if request.method in ("ACK", "CANCEL") else request.method
    named = f"{via.branch or ''}|{request.call_id}|{request.cseq.number}|{request.from_.tag or ''}"
    return (named, f"{via.host}:{via.port or 5060}".lower(), method)


class ClientState(StrEnum):
    """Where a client transaction stands."""

    TRYING = "trying"
    PROCEEDING = "proceeding"
    COMPLETED = "completed"
    TERMINATED = "terminated"


_NEXT: dict[ClientState, dict[str, ClientState]] = {
    ClientState.TRYING: {
        "provisional": ClientState.PROCEEDING,
        "final": ClientState.COMPLETED,
        "over": ClientState.TERMINATED,
    },
    ClientState.PROCEEDING: {
        "provisional": ClientState.PROCEEDING,
        "final": ClientState.COMPLETED,
        "over": ClientState.TERMINATED,
    },
    ClientState.COMPLETED: {"final": ClientState.COMPLETED, "over": ClientState.TERMINATED},
    ClientState.TERMINATED: {},
}


class ClientTransaction:
    """One request of ours under way.  Made by `ClientTransactions.begin`."""

    def __init__(
        self,
        table: "ClientTransactions",
        branch: str,
        method: str,
        send: Callable[[], None],
        on_response: Callable[[Response, str], None],
        on_timeout: Callable[[], None],
        *,
        is_reliable: bool,
        timeout_s: float,
    ) -> None:
        self.branch = branch
        self.method = method
        self.state = ClientState.TRYING
        self._table = table
        self._send = send
        self._on_response = on_response
        self._on_timeout = on_timeout
        self._is_reliable = is_reliable
        self._interval_s = table.t1_s
        self._repeat: Alarm | None = None
        self._give_up = table.clock.after(timeout_s, self._time_out)

    @property
    def is_pending(self) -> bool:
        """Whether no final response came yet."""
        return self.state in (ClientState.TRYING, ClientState.PROCEEDING)

    @property
    def has_provisional(self) -> bool:
        """Whether anything was heard: only then may an INVITE be cancelled (RFC 3261 section 9.1)."""
        return self.state is not ClientState.TRYING

    def begin(self, *, proceeding: bool = False) -> None:
        """Send for the first time; `proceeding` adopts one that was answered provisionally already."""
        if proceeding:
            self._move("provisional")
        else:
            self._send()
        self._arm()

    def receive(self, response: Response, source: str) -> None:
        """Take a response from a source address: note it, then report it.  Repeated finals are reported too."""
        if response.status < 200:
            if not self.is_pending:
                return
            self._move("provisional")
            if self.method == "INVITE":
                self._cancel_alarms()  # control decides how long a phone may ring
        elif self.state is not ClientState.TERMINATED:
            was_pending = self.is_pending
            self._move("final")
            if was_pending:
                self._cancel_alarms()
                self._give_up = self._table.clock.after(self._table.life_s, self.end)
        self._on_response(response, source)

    def stop_repeating(self) -> None:
        """Send no more; what comes late is still heard."""
        if self._repeat is not None:
            self._repeat.cancel()
            self._repeat = None

    def expect_final_within(self, seconds: float) -> None:
        """Give up when no final response comes in time (after a CANCEL)."""
        if self.is_pending:
            self._give_up.cancel()
            self._give_up = self._table.clock.after(seconds, self._time_out)

    def end(self) -> None:
        """Be over: nothing is repeated or reported any more."""
        if self.state is not ClientState.TERMINATED:
            self._move("over")
        self._cancel_alarms()
        self._table.discard(self)

    def _move(self, happening: str) -> None:
        following = _NEXT[self.state].get(happening)
        if following is not None:
            self.state = following

    def _arm(self) -> None:
        if self._is_reliable or not self.is_pending:
            return
        if self.method == "INVITE" and self.state is not ClientState.TRYING:
            return
        self._repeat = self._table.clock.after(self._interval_s, self._send_again)

    def _send_again(self) -> None:
        self._send()
        doubled = self._interval_s * 2
        self._interval_s = doubled if self.method == "INVITE" else min(doubled, T2_S)
        if self.state is ClientState.PROCEEDING:
            self._interval_s = T2_S
        self._arm()

    def _time_out(self) -> None:
        if self.is_pending:
            self.end()
            self._on_timeout()

    def _cancel_alarms(self) -> None:
        self.stop_repeating()
        self._give_up.cancel()


class ClientTransactions:
    """All requests of ours that are under way, by branch and method."""

    def __init__(self, clock: Clock, t1_s: float) -> None:
        self.clock = clock
        self.t1_s = t1_s
        self.life_s = LIFE_T1 * t1_s
        self._by_key: dict[tuple[str, str], ClientTransaction] = {}

    def begin(
        self,
        branch: str,
        method: str,
        send: Callable[[], None],
        on_response: Callable[[Response, str], None],
        on_timeout: Callable[[], None],
        *,
        is_reliable: bool = False,
        timeout_s: float | None = None,
        proceeding: bool = False,
    ) -> ClientTransaction:
        """Send a request by `send` and repeat it until it is answered or `timeout_s` (64 T1) is over."""
        transaction = ClientTransaction(
            self,
            branch,
            method,
            send,
            on_response,
            on_timeout,
            is_reliable=is_reliable,
            timeout_s=self.life_s if timeout_s is None else timeout_s,
        )
        self._by_key[branch, method] = transaction
        transaction.begin(proceeding=proceeding)
        return transaction

    def find(self, branch: str | None, method: str) -> ClientTransaction | None:
        """Return the transaction that a response with this top branch and CSeq method belongs to."""
        return self._by_key.get((branch or "", method))

    @property
    def pending(self) -> int:
        """How many wait for a final answer; the others only absorb what comes again."""
        return sum(transaction.is_pending for transaction in self._by_key.values())

    def discard(self, transaction: ClientTransaction) -> None:
        """Forget a transaction that is over."""
        key = (transaction.branch, transaction.method)
        if self._by_key.get(key) is transaction:
            del self._by_key[key]

    def __len__(self) -> int:
        return len(self._by_key)


@dataclass(slots=True)
class ServerTransaction:
    """A final answer of ours, ready to be sent again."""

    key: TransactionKey
    send: Callable[[], None]
    alarms: list[Alarm]
    interval_s: float


class ServerTransactions:
    """Answers given by the edge itself.  Retransmitted requests are answered again without being looked at."""

    def __init__(self, clock: Clock, t1_s: float) -> None:
        self._clock = clock
        self._t1_s = t1_s
        self._life_s = LIFE_T1 * t1_s
        self._by_key: dict[TransactionKey, ServerTransaction] = {}

    def answer(
        self,
        key: TransactionKey,
        send: Callable[[], None],
        *,
        until_acked: bool = False,
        on_unacknowledged: Callable[[], None] | None = None,
    ) -> None:
        """Send a final response and remember it; `until_acked` repeats it until `acknowledge` (timers G and H)."""
        self.forget(key)
        transaction = ServerTransaction(key, send, [], self._t1_s)
        self._by_key[key] = transaction
        transaction.alarms.append(
            self._clock.after(self._life_s, lambda: self._expire(transaction, on_unacknowledged))
        )
        send()
        if until_acked:
            transaction.alarms.append(self._clock.after(self._t1_s, lambda: self._repeat(transaction)))

    def absorb(self, key: TransactionKey) -> bool:
        """Answer a retransmission again; False when the request is new."""
        transaction = self._by_key.get(key)
        if transaction is None:
            return False
        transaction.send()
        return True

    def acknowledge(self, key: TransactionKey) -> bool:
        """Stop repeating: the ACK came.  The answer stays to absorb what is late."""
        transaction = self._by_key.get(key)
        if transaction is None:
            return False
        for alarm in transaction.alarms[1:]:
            alarm.cancel()
        transaction.send = _nothing
        return True

    def forget(self, key: TransactionKey) -> None:
        """Drop an answer."""
        transaction = self._by_key.pop(key, None)
        if transaction is not None:
            for alarm in transaction.alarms:
                alarm.cancel()

    def _repeat(self, transaction: ServerTransaction) -> None:
        transaction.send()
        transaction.interval_s = min(transaction.interval_s * 2, T2_S)
        transaction.alarms[1:] = [
            self._clock.after(transaction.interval_s, lambda: self._repeat(transaction))
        ]

    def _expire(self, transaction: ServerTransaction, on_unacknowledged: Callable[[], None] | None) -> None:
        was_repeating = any(alarm.is_pending for alarm in transaction.alarms[1:])
        self.forget(transaction.key)
        if was_repeating and on_unacknowledged is not None:
            on_unacknowledged()

    def __len__(self) -> int:
        return len(self._by_key)


def _nothing() -> None:
    """Say nothing: an acknowledged answer needs no repetition."""
