"""Who sends: a trunk by its address, an account by digest.  One path for everybody else, known name or not."""

import hmac
import os
from collections.abc import Mapping
from dataclasses import dataclass

from softswitch.settings import AccountSettings, SipSettings, TrunkSettings
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
    ) -> None:
        self._realm = settings.realm
        self._algorithms = tuple([Algorithm(name) for name in settings.algorithms])
        self._trunks = trunks
        self._hashes = {
            name: {
                algorithm: ha1(algorithm, name, settings.realm, account.password)
                for algorithm in self._algorithms
            }
            for name, account in accounts.items()
        }
        key = hmac.new(secret.encode(), b"nonces", "sha256").digest()
        self._nonces = NonceBook(key, settings.nonce_life_s, os.urandom)
        self._trunk_of: dict[str, TrunkSettings | None] = {}

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
        verdict = verify(
            authorization,
            self._hashes.get(authorization.username),
            self._nonces,
            method=request.method,
            request_uri=request.uri,
            realm=self._realm,
            source=flow.address,
            key=(request.call_id, str(request.cseq), request.top_via.branch or ""),
            now=now,
        )
        if verdict.is_proven:
            return Proof(account=authorization.username)
        is_stale = verdict is Verdict.STALE
        return Proof(
            account=None, challenge=self._challenge(flow, now, stale=is_stale, registrar=as_registrar)
        )

    def _challenge(self, flow: Flow, now: float, *, stale: bool, registrar: bool) -> tuple[Header, ...]:
        name = "WWW-Authenticate" if registrar else "Proxy-Authenticate"
        made = challenges(
            self._nonces, self._algorithms, realm=self._realm, source=flow.address, now=now, stale=stale
        )
        return tuple([(name, str(challenge)) for challenge in made])
