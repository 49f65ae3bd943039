"""Who sends: a trunk by its address, an account by digest.  One path for everybody else, known name or not."""

import hmac
import os
from collections.abc import Mapping
from dataclasses import dataclass

from softswitch.settings.accounts import AccountSettings
from softswitch.settings.sip import SipSettings
from softswitch.settings.trunks import TrunkSettings
from softswitch.sip.allow_list import Header
from softswitch.sip.digest import (
    Algorithm,
    NonceBook,
    Verdict,
    authorization_for,
    challenges,
    ha1,
    verify,
)
from softswitch.sip.flows import Flow, is_within
from softswitch.sip.message import MalformedMessage, Request
from softswitch.sip.penalties import Penalties


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """Outcome of asking who sent a request: the account, or the challenge lines to answer with."""

    account: str | None
    challenge: tuple[Header, ...] = ()


class Identity:
    """Knows trunks and accounts; never says which accounts it knows."""

    def __init__(
        self,
        settings: SipSettings,
        trunks: tuple[TrunkSettings, ...],
        accounts: Mapping[str, AccountSettings],
        secret: str,
        penalties: Penalties,
    ) -> None:
        self._penalties = penalties
        self._realm = settings.realm
        self._algorithms = tuple([Algorithm(name) for name in settings.algorithms])
        self._trunks = trunks
        self.take(accounts)
        key = hmac.new(secret.encode(), b"nonces", "sha256").digest()
        self._nonces = NonceBook(key, settings.nonce_life_s, os.urandom)
        self._trunk_of: dict[str, TrunkSettings | None] = {}

    def take(self, accounts: Mapping[str, AccountSettings]) -> None:
        """These accounts are known from now on; a changed password is asked for with the next request."""
        self._hashes = {
            name: {
                algorithm: ha1(algorithm, name, self._realm, account.password)
                for algorithm in self._algorithms
            }
            for name, account in accounts.items()
        }

    def trunk_at(self, address: str) -> TrunkSettings | None:
        """Return the trunk that an address belongs to, None for strangers and phones."""
        if address not in self._trunk_of:
            if len(self._trunk_of) >= 10_000:
                self._trunk_of.clear()
            self._trunk_of[address] = next(
                (trunk for trunk in self._trunks if is_within(address, trunk.addresses)), None
            )
        return self._trunk_of[address]

    def prove(self, request: Request, flow: Flow, now: float, *, as_registrar: bool) -> Proof:
        """Check digest credentials: Authorization for the registrar, Proxy-Authorization for the rest."""
        name = "Authorization" if as_registrar else "Proxy-Authorization"
        try:
            authorization = authorization_for(request.headers.all(name), self._realm)
        except MalformedMessage:
            authorization = None
        if authorization is None:
            return Proof(
                account=None, challenge=self._challenge(flow, now, stale=False, registrar=as_registrar)
            )
        name = authorization.username
        account = name if name in self._hashes else None
        is_looked_at = account is None or self._penalties.may_guess(account, flow, now)
        verdict = verify(
            authorization,
            self._hashes.get(name) if is_looked_at else None,
            self._nonces,
            method=request.method,
            request_uri=request.uri,
            realm=self._realm,
            source=flow.address,
            key=(request.call_id, str(request.cseq), request.top_via.branch or ""),
            now=now,
        )
        if verdict.is_proven:
            self._penalties.note_proven(name, flow)
            return Proof(account=name)
        if is_looked_at and (
            verdict is Verdict.REFUSED or (verdict is Verdict.INVENTED and flow.is_reliable)
        ):
            self._penalties.note_failure(account, name, flow, now)
        is_stale = verdict is Verdict.STALE
        if verdict in (Verdict.DISPLACED, Verdict.INVENTED):
            is_stale = self._penalties.is_lenient(account, flow, now) and verdict is Verdict.DISPLACED
        return Proof(
            account=None, challenge=self._challenge(flow, now, stale=is_stale, registrar=as_registrar)
        )

    def _challenge(self, flow: Flow, now: float, *, stale: bool, registrar: bool) -> tuple[Header, ...]:
        name = "WWW-Authenticate" if registrar else "Proxy-Authenticate"
        made = challenges(
            self._nonces, self._algorithms, realm=self._realm, source=flow.address, now=now, stale=stale
        )
        return tuple([(name, str(challenge)) for challenge in made])
