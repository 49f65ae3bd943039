"""What opens a door is written nowhere: after a day's sign-ins, calls and forced actions every byte on the disk is searched."""

import base64
import hashlib
import json
import secrets
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote

import pytest

from bench.desk_phones import Manner
from bench.running_server import ApiProblem, Json
from bench.scratch_config import TOKEN
from tests.e2e.test_sign_in import PASSWORD, TERMS, Browser, browser
from tests.peers import peers, seconds
from tests.stand import Stand, stand
from tests.webhook_receiver import SECRET, webhook_receiver

pytestmark = [pytest.mark.e2e, pytest.mark.long]

WRONG, OWN, GIVEN = (f"{word} {secrets.token_hex(8)}" for word in ("错误密码", "自选密码", "新发密码"))
SAMPLES: Json = {
    "agent": "1002",
    "level": 7,
    "mode": "monitor",
    "queue": "hotline",
    "state": "not_ready",
    "supervisor": "1003",
}


def forms(secret: str) -> Iterator[bytes]:
    """A secret as it might be written: as it is, escaped for JSON or an address, in base64, in hexadecimal."""
    yield secret.encode()
    yield json.dumps(secret)[1:-1].encode()
    yield quote(secret, safe="").encode()
    yield base64.b64encode(secret.encode()).rstrip(b"=")
    yield secret.encode().hex().encode()


def written(here: Stand) -> dict[str, bytes]:
    """Every file that the server has written: databases with their logs of writes, journals, recordings, its own log."""
    files = [here.server.log]
    for folder in (here.server.data_dir, here.server.run_dir):
        files += [file for file in folder.rglob("*") if file.is_file()]
    return {str(file.relative_to(here.folder)): file.read_bytes() for file in files}


def cookie_of(page: Browser) -> str:
    """The secret of the session that a page has."""
    [cookie] = page.session.cookie_jar
    return cookie.value


async def signed_in_by_everybody(here: Stand, page: Browser, other: Browser) -> dict[str, str]:
    """By password, wrong and right, old and new, and by a ticket; what each of them was, by name."""
    agent = here.agent(1)
    assert await page.sign_in(1, WRONG) == 401
    assert await page.sign_in(1) == 201
    first = cookie_of(page)
    status, shown = await page.ask(
        "POST", "/v1/session/password", {"password": PASSWORD, "new_password": OWN}
    )
    assert status == 200
    page.csrf = shown["csrf"]
    second = cookie_of(page)
    assert (await page.ask("GET", f"/v1/agents/{agent}"))[0] == 200
    await here.api.post(f"/v1/admin/agents/{here.agent(2)}/password", {"password": GIVEN})
    ticket = str((await here.api.post("/v1/tickets", {"agent_id": here.agent(3)}))["ticket"])
    status, shown = await other.ask("POST", "/v1/session", {"ticket": ticket})
    assert status == 201
    assert (await other.ask("POST", "/v1/session", {"ticket": ticket}))[0] == 401
    return {
        "the token of a program": TOKEN,
        "the secret of a webhook": SECRET,
        "a wrong password": WRONG,
        "the password of before": PASSWORD,
        "the password of one's own": OWN,
        "a password that was set": GIVEN,
        "the first session": first,
        "the second session": second,
        "a token for changes": page.csrf,
        "a ticket": ticket,
        "the session of a ticket": str(shown["token"]),
    }


async def assert_nothing_is_forced_without_a_reason(here: Stand, call_id: str) -> None:
    """Every action that the running server's own document marks: 422 that names the field, and nothing in the ledger."""
    document = await here.api.get("/openapi.json")
    forced = [
        (path, operation)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
        if operation.get("x-forced") and method == "post"
    ]
    assert len(forced) == 7
    for path, operation in forced:
        schema = operation["requestBody"]["content"]["application/json"]["schema"]["$ref"].rpartition("/")[2]
        needed = document["components"]["schemas"][schema]["required"]
        body = {name: SAMPLES[name] for name in needed if name != "reason"}
        address = path.format(agent_id=here.agent(1), call_id=call_id)
        for reason in ({}, {"reason": ""}, {"reason": " \u3000"}):
            with pytest.raises(ApiProblem) as refused:
                await here.api.post(address, body | reason)
            faults = refused.value.problem["errors"]
            assert (refused.value.status, [fault["field"] for fault in faults]) == (422, ["reason"])
    assert (await here.api.get("/v1/ledger"))["items"] == []
    assert (await here.api.call(call_id))["call"]["ended_at"] is None
    assert (await here.api.agent(here.agent(1)))["activity"] == "talking"


async def test_no_secret_is_on_the_disk_and_nothing_is_forced_without_a_reason(tmp_path: Path) -> None:
    """Hashes apart: that the session's is found shows that the search would find what it looks for."""
    async with (
        webhook_receiver(("call.ended",)) as (hook, heard),
        stand(tmp_path / "stand", replace(TERMS, extra=hook)) as here,
        peers(here, Manner()) as around,
        browser(here) as page,
        browser(here) as other,
    ):
        known = await signed_in_by_everybody(here, page, other)
        await here.login(1)
        call, call_id = await around.call()
        await here.wait_event("CallConnected", call_id=call_id)
        await assert_nothing_is_forced_without_a_reason(here, call_id)

        bearer = known["the session of a ticket"]
        before = time.time()
        async with other.session.ws_connect(f"/v1/calls/{call_id}/listen", origin=here.api.base) as sound:
            await sound.send_json({"type": "authenticate", "token": bearer, "reason": "质检"})
            assert (await sound.receive_json(timeout=5))["type"] == "listening"
        async with other.session.ws_connect("/v1/events", origin=here.api.base) as line:
            await line.send_json({"type": "authenticate", "token": bearer})
            assert (await line.receive_json(timeout=5))["type"] == "snapshot"
            command = {"call_id": call_id, "body": {"reason": "辱骂坐席"}, "idempotency_key": "f-1"}
            await line.send_json({"type": "command", "id": "1", "name": "force_hang_up", **command})
            await here.wait_event("CallEnded", call_id=call_id)
        await call.ended
        await here.wait_call(call_id)
        assert (await heard.get())["data"]["call_id"] == call_id
        rows = (await here.api.get("/v1/ledger"))["items"][::-1]
        supervisor = here.agent(3)
        assert [(row["who"], row["action"], row["agent"], row["call_id"], row["reason"]) for row in rows] == [
            (supervisor, "listen", here.agent(1), call_id, "质检"),
            (supervisor, "force_hang_up", here.agent(1), call_id, "辱骂坐席"),
        ]
        assert all(before - 0.01 <= seconds(row["at"]) <= time.time() + 0.01 for row in rows)

        files = written(here)
        everything = b"\0".join(files.values())
        assert any(name.endswith("-wal") for name in files)
        assert hashlib.sha256(known["the session of a ticket"].encode()).hexdigest().encode() in everything
        assert call_id.encode() in files["server.log"]
        found = {
            (name, file)
            for name, secret in known.items()
            for form in forms(secret)
            for file, content in files.items()
            if form in content
        }
        assert found == set()
