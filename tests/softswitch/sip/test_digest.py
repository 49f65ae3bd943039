"""Digest: the published examples, both sides against each other, and every way to be refused."""

import hashlib

import pytest
from aiohttp import ClientSession, DigestAuthMiddleware, web
from aiohttp.test_utils import TestServer

from softswitch.sip.digest import (
    Algorithm,
    Authorization,
    Challenge,
    Credentials,
    NonceBook,
    Verdict,
    authorization_for,
    best_challenge,
    challenges,
    ha1,
    parse_authorization,
    respond,
    response_of,
    verify,
)
from softswitch.sip.message import MalformedMessage

REALM = "hotline"
PHONE = "127.61.0.3"
URI = "sip:127.61.0.1"
ACCOUNT = Credentials(username="1001", password="correct horse")
HASHES = {algorithm: ha1(algorithm, "1001", REALM, ACCOUNT.password) for algorithm in Algorithm}
KEY = ("call-1", "1 REGISTER", "z9hG4bK1")


@pytest.fixture
def book() -> NonceBook:
    """A nonce book whose random octets count up."""
    counter = iter(range(10**6))
    return NonceBook(b"secret", 60.0, lambda length: next(counter).to_bytes(length, "big"))


def signed(
    challenge: Challenge, *, credentials: Credentials = ACCOUNT, uri: str = URI, nc: int = 1
) -> Authorization:
    """Return what a phone answers to a challenge, as it arrives."""
    return parse_authorization(respond(challenge, credentials, "REGISTER", uri, nc, "0a4f113b"))


def judge(
    book: NonceBook, answer: Authorization, *, now: float = 1.0, known: bool = True, **changes: object
) -> Verdict:
    """Check an answer as the registrar does."""
    facts = {"method": "REGISTER", "request_uri": URI, "realm": REALM, "source": PHONE, "key": KEY, **changes}
    return verify(answer, HASHES if known else None, book, now=now, **facts)  # type: ignore[arg-type]


def challenge_of(book: NonceBook, algorithm: Algorithm = Algorithm.SHA_256, now: float = 0.0) -> Challenge:
    """Return one challenge."""
    return challenges(book, [algorithm], realm=REALM, source=PHONE, now=now)[0]


@pytest.mark.parametrize(
    ("algorithm", "expected"),
    [
        (Algorithm.MD5, "8ca523f5e9506fed4657c9700eebdbec"),
        (Algorithm.SHA_256, "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"),
    ],
)
def test_example_of_rfc_7616(algorithm: Algorithm, expected: str) -> None:
    """Section 3.9.1: Mufasa, in both algorithms."""
    realm = "http-auth@example.org"
    response = response_of(
        algorithm,
        ha1(algorithm, "Mufasa", realm, "Circle of Life"),
        method="GET",
        uri="/dir/index.html",
        nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v",
        count="00000001",
        cnonce="f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ",
        qop="auth",
    )
    assert response == expected


def test_example_of_rfc_2617() -> None:
    """Section 3.5, as a header; and without qop what RFC 2069 clients send."""
    answer = parse_authorization(
        'Digest username="Mufasa", realm="testrealm@host.com", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", '
        'uri="/dir/index.html", qop=auth, nc=00000001, cnonce="0a4f113b", '
        'response="6629fae49393a05397450978507c4ef1", opaque="5ccc069c403ebaf9f0171e9517f40e41"'
    )
    hashed = ha1(Algorithm.MD5, "Mufasa", "testrealm@host.com", "Circle Of Life")
    facts = {
        "method": "GET",
        "uri": answer.uri,
        "nonce": answer.nonce,
        "count": "00000001",
        "cnonce": answer.cnonce,
    }
    assert response_of(Algorithm.MD5, hashed, qop="auth", **facts) == answer.response
    plain = hashlib.md5(
        f"{hashed}:{answer.nonce}:{hashlib.md5(b'GET:/dir/index.html').hexdigest()}".encode()
    ).hexdigest()
    assert response_of(Algorithm.MD5, hashed, qop=None, **facts) == plain


def test_example_of_rfc_3665() -> None:
    """Section 2.1: Bob registers, in the flow every SIP stack is taught with."""
    expected = "dfe56131d1958046689d83306477ecc"  # the RFC prints 31 digits: its own misprint
    answer = parse_authorization(
        'Digest username="bob", realm="atlanta.example.com", nonce="ea9c8e88df84f1cec4341ae6cbe5a359", '
        f'uri="sips:ss2.biloxi.example.com", response="{expected}"'
    )
    assert (answer.username, answer.qop, answer.count, answer.count_number) == ("bob", None, None, 0)


@pytest.mark.parametrize("algorithm", list(Algorithm))
async def test_a_client_written_by_others_is_understood(book: NonceBook, algorithm: Algorithm) -> None:
    """The digest of aiohttp's client answers our challenge, twice on one nonce, over a real connection."""
    verdicts: list[Verdict] = []

    async def serve(request: web.Request) -> web.Response:
        found = authorization_for(request.headers.getall("Authorization", []), REALM)
        if found is None:
            challenge = str(challenge_of(book, algorithm))
            return web.Response(status=401, headers={"WWW-Authenticate": challenge})
        key = ("call", str(len(verdicts)), "")
        verdicts.append(judge(book, found, method="GET", request_uri=str(request.rel_url), key=key))
        return web.Response(status=200 if verdicts[-1].is_proven else 403)

    app = web.Application()
    app.router.add_get("/v1/health", serve)
    server = TestServer(app, host="127.61.0.1")
    await server.start_server()
    digest = DigestAuthMiddleware(ACCOUNT.username, ACCOUNT.password)
    async with ClientSession(middlewares=(digest,)) as client:
        for _ in range(2):
            async with client.get(server.make_url("/v1/health")) as response:
                assert response.status == 200
    await server.close()
    assert verdicts == [Verdict.ACCEPTED, Verdict.ACCEPTED]


@pytest.mark.parametrize("algorithm", list(Algorithm))
def test_a_phone_with_the_right_password_is_accepted(book: NonceBook, algorithm: Algorithm) -> None:
    """Both algorithms, and again with the next count."""
    challenge = Challenge.parse(str(challenge_of(book, algorithm)))
    assert judge(book, signed(challenge)) is Verdict.ACCEPTED
    assert judge(book, signed(challenge, nc=2), key=("call-1", "2 REGISTER", "b2")) is Verdict.ACCEPTED


def test_the_same_request_again_is_a_retransmission_and_another_is_a_replay(book: NonceBook) -> None:
    """Equal count: only the very same request is answered again; a lower count never."""
    challenge = challenge_of(book)
    first = signed(challenge)
    assert judge(book, first) is Verdict.ACCEPTED
    assert judge(book, first) is Verdict.RETRANSMITTED
    assert judge(book, first, key=("call-2", "1 REGISTER", "other")) is Verdict.STALE
    later = ("call-1", "2 REGISTER", "b")
    assert judge(book, signed(challenge, nc=5), key=later) is Verdict.ACCEPTED
    assert judge(book, first) is Verdict.STALE
    assert judge(book, signed(challenge, nc=4), key=later) is Verdict.STALE


def test_wrong_password_and_unknown_user_are_refused_alike(book: NonceBook) -> None:
    """Even a guess that would fit is refused for a user that does not exist."""
    challenge = challenge_of(book)
    assert (
        judge(book, signed(challenge, credentials=Credentials(username="1001", password="wrong")))
        is Verdict.REFUSED
    )
    assert judge(book, signed(challenge), known=False) is Verdict.REFUSED
    forged = response_of(
        Algorithm.SHA_256,
        book.dummy_ha1("1001", 64),
        method="REGISTER",
        uri=URI,
        nonce=challenge.nonce,
        count="00000001",
        cnonce="x",
        qop="auth",
    )
    guess = f'Digest username="1001", realm="{REALM}", nonce="{challenge.nonce}", uri="{URI}", nc=00000001, '
    guess += f'cnonce="x", qop=auth, algorithm=SHA-256, response="{forged}"'
    assert judge(book, parse_authorization(guess), known=False) is Verdict.REFUSED


def test_a_refused_answer_does_not_use_up_the_count(book: NonceBook) -> None:
    """Whoever guesses with our nonce does not lock out the phone that holds it."""
    challenge = challenge_of(book)
    guess = signed(challenge, credentials=Credentials(username="1001", password="wrong"), nc=900)
    assert judge(book, guess) is Verdict.REFUSED
    assert judge(book, signed(challenge)) is Verdict.ACCEPTED


def test_right_password_with_a_used_up_nonce_is_stale(book: NonceBook) -> None:
    """Too old: a new challenge without penalty.  Of another start, or given to another address: told apart."""
    challenge = challenge_of(book)
    assert judge(book, signed(challenge), now=60.0) is Verdict.ACCEPTED
    assert judge(book, signed(challenge, nc=2), now=60.1) is Verdict.STALE
    assert judge(book, signed(challenge, nc=3), source="127.61.0.9") is Verdict.DISPLACED
    assert judge(book, signed(challenge, nc=3), source="127.61.0.9", known=False) is Verdict.INVENTED
    other_start = NonceBook(b"another secret", 60.0, lambda length: b"r" * length)
    assert judge(other_start, signed(challenge)) is Verdict.DISPLACED


def test_what_was_signed_must_be_this_request(book: NonceBook) -> None:
    """Method, target, realm and algorithm all count."""
    challenge = challenge_of(book)
    answer = signed(challenge)
    assert judge(book, answer, method="INVITE") is Verdict.REFUSED
    assert judge(book, answer, request_uri="sip:127.61.0.77") is Verdict.REFUSED
    assert judge(book, answer, request_uri="sip:127.61.0.1:5070") is Verdict.REFUSED
    assert judge(book, answer, realm="elsewhere") is Verdict.INVENTED  # a nonce holds for one realm
    as_md5 = str(challenge).replace("SHA-256", "MD5")
    assert judge(book, signed(Challenge.parse(as_md5))) is Verdict.DISPLACED  # nonce of the other algorithm


def test_a_target_may_be_spelt_otherwise(book: NonceBook) -> None:
    """Host and port decide; some clients leave the user out."""
    challenge = challenge_of(book)
    answer = signed(challenge, uri="sip:127.61.0.1:5060")
    assert judge(book, answer, request_uri="sip:12345@127.61.0.1") is Verdict.ACCEPTED


def test_without_qop_nobody_is_accepted(book: NonceBook) -> None:
    """An answer that could be replayed is refused whatever the password."""
    challenge = challenge_of(book, Algorithm.MD5)
    bare = Challenge(realm=REALM, nonce=challenge.nonce, algorithm=Algorithm.MD5, qop=())
    answer = signed(bare)
    assert answer.qop is None
    assert judge(book, answer) is Verdict.REFUSED


def test_challenges_come_preferred_first_and_print_as_they_are_read(book: NonceBook) -> None:
    """One header an algorithm (RFC 8760); stale says so."""
    made = challenges(book, list(Algorithm), realm=REALM, source=PHONE, now=0.0, stale=True)
    assert [challenge.algorithm for challenge in made] == [Algorithm.SHA_256, Algorithm.MD5]
    for challenge in made:
        assert Challenge.parse(str(challenge)) == challenge
        assert challenge.stale
    assert len({challenge.nonce for challenge in made}) == 2
    assert "stale" not in str(challenge_of(book))


def test_we_answer_the_first_challenge_that_we_can() -> None:
    """Unknown algorithms, schemes, qop and foreign realms are passed over."""
    offered = [
        'Digest realm="t", nonce="1", algorithm=SHA-512-256, qop="auth"',
        "Bearer abc",
        'Digest realm="t", nonce="2", algorithm=SHA-256, qop="auth-int"',
        'Digest realm="other", nonce="3"',
        'Digest realm="t", nonce="4", algorithm=sha-256, qop="auth,auth-int", opaque="o"',
        'Digest realm="t", nonce="5"',
    ]
    chosen = best_challenge(offered, realm="t")
    assert chosen is not None
    assert (chosen.nonce, chosen.algorithm, chosen.opaque) == ("4", Algorithm.SHA_256, "o")
    assert 'opaque="o"' in respond(chosen, ACCOUNT, "REGISTER", URI, 1, "c")
    assert best_challenge(offered[:3]) is None
    plain = best_challenge(offered[5:])
    assert plain is not None
    assert "qop" not in respond(plain, ACCOUNT, "REGISTER", URI, 1, "c")


def test_credentials_for_our_realm_are_found_among_others() -> None:
    """Other schemes (RFC 4475 regaut01) and realms are not for us."""
    ours = 'DIGEST username="u", realm="hotline", nonce="n", uri="sip:a", response="AB"'
    assert authorization_for(["NoOneKnowsThisScheme opaque-data=here"], REALM) is None
    found = authorization_for(["Basic eDp5", ours.replace("hotline", "x"), ours], REALM)
    assert found is not None
    assert (found.username, found.response, found.algorithm) == ("u", "ab", Algorithm.MD5)


@pytest.mark.parametrize(
    "value",
    [
        "",
        "Basic eDp5",
        "Digest",
        "Digest nonsense",
        'Digest username="u"',
        'Digest username="u, realm="r"',
        'Digest username="u", username="v", realm="r", nonce="n", uri="a", response="b"',
        'Digest username="u", realm="r", nonce="n", uri="a", response="b", nc=1',
        'Digest username="u", realm="r", nonce="n", uri="a", response="b", nc=-0000001',
        'Digest username="u" realm="r", nonce="n", uri="a", response="b"',
        f'Digest username="{"u" * 3000}", realm="r", nonce="n", uri="a", response="b"',
    ],
)
def test_broken_credentials_are_refused(value: str) -> None:
    """With the one typed error."""
    with pytest.raises(MalformedMessage):
        parse_authorization(value)


def test_octets_outside_ascii_do_not_stop_the_check(book: NonceBook) -> None:
    """A response, nonce or user in any charset is simply wrong."""
    answer = parse_authorization(
        f'Digest username="李\udcff", realm="{REALM}", nonce="\udcff", uri="sip:\udcff", response="\udcff", '
        'qop=auth, nc=00000001, cnonce="\udcff"'
    )
    assert judge(book, answer) is Verdict.INVENTED


def test_a_password_never_shows() -> None:
    """Credentials print without it."""
    assert "horse" not in repr(ACCOUNT)
