"""REGISTER by digest, contacts, expiry, order, restart; the same words to everybody who is not proven."""

import asyncio
import re
from dataclasses import replace

import pytest

from softswitch.sip.events import AccountReachabilityChanged, InviteReceived, PeerKind
from tests.softswitch.sip.digest_client import authorization, challenge_of
from tests.softswitch.sip.edge_stand import ATTACKER, PHONE, SETTINGS, Stand, running_edge
from tests.softswitch.sip.raw_peer import RawPeer, header, sdp, start_line, tag, values


async def register(
    stand: Stand,
    phone: RawPeer,
    user: str = "phone1001",
    password: str = "secret-1001",
    *,
    algorithm: str = "SHA-256",
    contact: str | None = None,
    expires: str = "Expires: 60\r\n",
    call_id: str = "",
    cseq: int = 1,
) -> str:
    """REGISTER, answer the challenge, return the final response."""
    target = f"sip:{stand.udp[0]}:{stand.udp[1]}"
    call_id = call_id or f"reg-{phone.port}"

    def message(number: int, extra: str = "") -> str:
        text = phone.request(
            "REGISTER",
            target,
            call_id=call_id,
            cseq=number,
            from_=f"<sip:{user}@{stand.udp[0]}>;tag=r{number}",
            to=f"<sip:{user}@{stand.udp[0]}>",
            headers=expires + extra,
        )
        if contact is not None:
            text = re.sub(r"Contact: [^\r]*\r\n", f"Contact: {contact}\r\n" if contact else "", text)
        return text

    phone.send(message(cseq), stand.udp)
    challenge = challenge_of(await phone.wait_status(401), "WWW-Authenticate", algorithm)
    proof = authorization(challenge, user, password, "REGISTER", target)
    phone.send(message(cseq + 1, f"Authorization: {proof}\r\n"), stand.udp)
    return await phone.wait(lambda m: start_line(m).startswith("SIP/2.0") and f"{cseq + 1} REGISTER" in m)


@pytest.mark.parametrize("algorithm", ["MD5", "SHA-256"])
async def test_phone_registers_by_digest_and_becomes_reachable_in_the_same_turn(algorithm: str) -> None:
    async with running_edge() as stand:
        phone = await stand.peer(PHONE)
        ok = await register(stand, phone, algorithm=algorithm)
        assert start_line(ok) == "SIP/2.0 200 OK"
        assert header(ok, "Contact") == f"<sip:raw@{PHONE}:{phone.port}>;expires=60"
        event = await stand.wait_event(AccountReachabilityChanged)
        assert (event.account, event.reachable, event.cause) == ("phone1001", True, "registered")
        assert stand.edge.is_reachable("phone1001")


async def test_the_preferred_algorithm_is_challenged_first_with_a_nonce_of_its_own() -> None:
    async with running_edge() as stand:
        phone = await stand.peer(PHONE)
        phone.send(phone.request("REGISTER", stand.uri(), to="<sip:phone1001@x>"), stand.udp)
        first, second = values(await phone.wait_status(401), "WWW-Authenticate")
        assert "algorithm=SHA-256" in first
        assert "algorithm=MD5" in second
        nonces = re.findall(r'nonce="([^"]+)"', first + second)
        assert len(set(nonces)) == 2


async def test_unknown_user_wrong_password_and_no_credentials_get_the_same_challenge() -> None:
    async with running_edge() as stand:
        answers = []
        for user, password in (("nobody", "x"), ("phone1001", "wrong"), ("phone1002", "wrong")):
            phone = await stand.peer(PHONE)
            refused = await register(stand, phone, user, password)
            assert start_line(refused) == "SIP/2.0 401 Unauthorized"
            shape = re.sub(r'nonce="[^"]+"', "nonce", refused).replace(user, "user")
            shape = re.sub(r"(branch|tag)=[^;\r]+|:\d{4,5}|rport=\d+|reg-\d+", "", shape)
            answers.append(shape)
        assert len(set(answers)) == 1
        assert "stale" not in answers[0]


async def test_several_contacts_up_to_the_limit_then_the_oldest_goes() -> None:
    async with running_edge() as stand:
        phones = [await stand.peer(PHONE) for _ in range(3)]
        for phone in phones:
            ok = await register(stand, phone, "phone1002", "secret-1002")
        bound = [contact.uri for contact in stand.edge.contacts("phone1002")]
        assert bound == [f"sip:raw@{PHONE}:{phone.port}" for phone in phones[1:]]
        assert len(values(ok, "Contact")) == 2


async def test_phone_that_restarted_on_another_port_replaces_its_ghost_by_instance() -> None:
    async with running_edge() as stand:
        for _ in range(2):
            phone = await stand.peer(PHONE)
            contact = f'<sip:raw@{PHONE}:{phone.port}>;+sip.instance="<urn:uuid:1>"'
            await register(stand, phone, "phone1002", "secret-1002", contact=contact)
        assert [contact.flow.port for contact in stand.edge.contacts("phone1002")] == [phone.port]


async def test_unregistering_by_expires_0_or_star_makes_the_account_unreachable() -> None:
    async with running_edge() as stand:
        for contact, expires in ((None, "Expires: 0\r\n"), ("*", "Expires: 0\r\n")):
            phone = await stand.peer(PHONE)
            await register(stand, phone)
            assert stand.edge.is_reachable("phone1001")
            ok = await register(stand, phone, contact=contact, expires=expires, cseq=3)
            assert start_line(ok) == "SIP/2.0 200 OK"
            assert not values(ok, "Contact")
            event = await stand.wait_event(AccountReachabilityChanged, lambda e: not e.reachable)
            assert event.cause == "unregistered"


async def test_star_without_expires_0_is_refused() -> None:
    async with running_edge() as stand:
        phone = await stand.peer(PHONE)
        assert start_line(await register(stand, phone, contact="*")).startswith("SIP/2.0 400")


async def test_too_short_a_registration_is_423_with_the_shortest() -> None:
    async with running_edge() as stand:
        phone = await stand.peer(PHONE)
        brief = await register(stand, phone, expires="Expires: 1\r\n")
        assert start_line(brief) == "SIP/2.0 423 Interval Too Brief"
        assert header(brief, "Min-Expires") == "2"
        assert not stand.edge.is_reachable("phone1001")


async def test_query_without_contact_lists_what_is_bound() -> None:
    async with running_edge() as stand:
        phone = await stand.peer(PHONE)
        await register(stand, phone)
        ok = await register(stand, phone, contact="", cseq=3)
        assert header(ok, "Contact").startswith(f"<sip:raw@{PHONE}:{phone.port}>;expires=")
        assert stand.edge.is_reachable("phone1001")


async def test_an_older_request_of_the_same_call_id_is_refused() -> None:
    async with running_edge() as stand:
        phone = await stand.peer(PHONE)
        await register(stand, phone, cseq=10)
        late = await register(stand, phone, expires="Expires: 0\r\n", cseq=5)
        assert start_line(late).startswith("SIP/2.0 500")
        assert stand.edge.is_reachable("phone1001")


async def test_another_accounts_name_cannot_be_registered() -> None:
    async with running_edge() as stand:
        phone = await stand.peer(PHONE)
        target = f"sip:{stand.udp[0]}:{stand.udp[1]}"
        to = "<sip:phone1002@x>"
        phone.send(phone.request("REGISTER", target, to=to), stand.udp)
        challenge = challenge_of(await phone.wait_status(401), "WWW-Authenticate", "MD5")
        proof = authorization(challenge, "phone1001", "secret-1001", "REGISTER", target)
        phone.send(phone.request("REGISTER", target, to=to, headers=f"Authorization: {proof}\r\n"), stand.udp)
        await phone.wait_status(403)
        assert not stand.edge.is_reachable("phone1002")


async def test_contacts_at_cells_or_at_ourselves_are_refused() -> None:
    async with running_edge() as stand:
        cell = await stand.cell("c1")
        phone = await stand.peer(PHONE)
        for number, (host, port) in enumerate(((cell.address, cell.port), stand.udp, stand.inner)):
            contact = f"<sip:x@{host}:{port}>"
            refused = await register(stand, phone, contact=contact, cseq=10 * number + 1)
            assert start_line(refused) == "SIP/2.0 403 Forbidden"


async def test_binding_that_expires_makes_the_account_unreachable() -> None:
    async with running_edge() as stand:
        phone = await stand.peer(PHONE)
        await register(stand, phone, expires="Expires: 2\r\n")
        event = await stand.wait_event(AccountReachabilityChanged, lambda e: not e.reachable)
        assert event.cause == "expired"
        assert stand.keeper.tables["binding"] == {}


async def test_phone_that_stops_answering_options_is_unreachable_until_it_answers_again() -> None:
    settings = replace(SETTINGS, options_interval_s=0.3, options_timeout_s=0.25)
    async with running_edge(settings=settings) as stand:
        phone = await stand.peer(PHONE)
        await register(stand, phone)
        options = await phone.wait_request("OPTIONS")
        assert start_line(options) == f"OPTIONS sip:raw@{PHONE}:{phone.port} SIP/2.0"
        event = await stand.wait_event(AccountReachabilityChanged, lambda e: not e.reachable)
        assert event.cause == "options_timeout"
        phone.arrived.clear()
        phone.answer(await phone.wait_request("OPTIONS"), 200, stand.udp)
        event = await stand.wait_event(AccountReachabilityChanged, lambda e: e.cause == "options_answered")
        assert event.reachable


async def test_bindings_survive_a_restart_of_control() -> None:
    async with running_edge() as stand:
        phone = await stand.peer(PHONE)
        await register(stand, phone)
        await stand.restart()
        (contact,) = stand.edge.contacts("phone1001")
        assert contact.uri == f"sip:raw@{PHONE}:{phone.port}"
        assert stand.edge.is_reachable("phone1001")


async def test_retransmitted_register_gets_the_same_answer() -> None:
    async with running_edge() as stand:
        phone = await stand.peer(PHONE)
        await register(stand, phone)
        target = f"sip:{stand.udp[0]}:{stand.udp[1]}"
        to = "<sip:phone1001@x>"
        phone.send(phone.request("REGISTER", target, to=to, call_id="again"), stand.udp)
        challenge = challenge_of(await phone.wait_status(401), "WWW-Authenticate", "MD5")
        proof = authorization(challenge, "phone1001", "secret-1001", "REGISTER", target)
        text = phone.request(
            "REGISTER", target, to=to, call_id="again", cseq=2, headers=f"Authorization: {proof}\r\n"
        )
        phone.send(text, stand.udp)
        first = await phone.wait_status(200)
        phone.send(text, stand.udp)
        assert await phone.wait_status(200) == first


async def test_replayed_credentials_are_stale() -> None:
    async with running_edge() as stand:
        phone = await stand.peer(PHONE)
        target = f"sip:{stand.udp[0]}:{stand.udp[1]}"
        to = "<sip:phone1001@x>"
        phone.send(phone.request("REGISTER", target, to=to), stand.udp)
        challenge = challenge_of(await phone.wait_status(401), "WWW-Authenticate", "MD5")
        proof = (
            f"Authorization: {authorization(challenge, 'phone1001', 'secret-1001', 'REGISTER', target)}\r\n"
        )
        phone.send(phone.request("REGISTER", target, to=to, headers=proof), stand.udp)
        await phone.wait_status(200)
        phone.send(phone.request("REGISTER", target, to=to, headers=proof), stand.udp)
        assert "stale=true" in header(await phone.wait_status(401), "WWW-Authenticate")


async def test_invite_of_a_phone_is_challenged_then_told_as_its_account() -> None:
    async with running_edge() as stand:
        phone = await stand.peer(PHONE)
        from_ = f"<sip:phone1001@{stand.udp[0]}>;tag=me"
        first = phone.request("INVITE", stand.uri("02012345"), from_=from_, content=sdp(PHONE))
        phone.send(first, stand.udp)
        refused = await phone.wait_status(407)
        assert tag(header(refused, "To"))
        challenge = challenge_of(refused, "Proxy-Authenticate", "MD5")
        proof = authorization(challenge, "phone1001", "secret-1001", "INVITE", stand.uri("02012345"))
        phone.send(
            phone.request(
                "INVITE",
                stand.uri("02012345"),
                from_=from_,
                content=sdp(PHONE),
                cseq=2,
                headers=f"Proxy-Authorization: {proof}\r\n",
            ),
            stand.udp,
        )
        event = await stand.wait_event(InviteReceived)
        assert event.peer.kind is PeerKind.ACCOUNT
        assert event.peer.name == "phone1001"
        assert event.request_user == "02012345"
        assert event.nat_address is None


async def test_phone_may_not_call_in_another_name() -> None:
    async with running_edge() as stand:
        phone = await stand.peer(PHONE)
        from_ = "<sip:phone1002@x>;tag=me"
        phone.send(phone.request("INVITE", stand.uri(), from_=from_, content=sdp(PHONE)), stand.udp)
        challenge = challenge_of(await phone.wait_status(407), "Proxy-Authenticate", "SHA-256")
        proof = authorization(challenge, "phone1001", "secret-1001", "INVITE", stand.uri())
        phone.send(
            phone.request(
                "INVITE", stand.uri(), from_=from_, cseq=2, headers=f"Proxy-Authorization: {proof}\r\n"
            ),
            stand.udp,
        )
        await phone.wait_status(403)
        assert not stand.has_event(InviteReceived)


@pytest.mark.parametrize("method", ["INVITE", "OPTIONS", "MESSAGE", "SUBSCRIBE", "PUBLISH", "REFER", "FOO"])
async def test_strangers_are_challenged_whatever_they_ask_and_whomever_they_name(method: str) -> None:
    async with running_edge() as stand:
        attacker = await stand.peer(ATTACKER)
        shapes = set()
        for user in ("12345", "phone1001", "nobody"):
            attacker.send(attacker.request(method, stand.uri(user), content=sdp(ATTACKER)), stand.udp)
            answer = await attacker.wait_status(407)
            shapes.add(tuple([line.partition(":")[0] for line in answer.split("\r\n")]))
        assert len(shapes) == 1
        await asyncio.sleep(0.02)
        assert not stand.has_event(InviteReceived)


async def test_options_is_answered_for_trunks_and_registered_phones() -> None:
    async with running_edge() as stand:
        phone, trunk = await stand.peer(PHONE), await stand.peer("127.62.0.2")
        trunk.send(trunk.request("OPTIONS", f"sip:{stand.udp[0]}:{stand.udp[1]}"), stand.udp)
        phone.send(phone.request("OPTIONS", stand.uri("x")), stand.udp)
        await phone.wait_status(407)
        await register(stand, phone)
        phone.send(phone.request("OPTIONS", stand.uri("x")), stand.udp)
        assert "INVITE" in header(await phone.wait_status(200, "OPTIONS"), "Allow")
