"""A bundle holds what support needs, and neither a secret nor a caller's number."""

import json
import tarfile
from pathlib import Path

import pytest

from bench.scratch_config import Terms, password_of, toml_of
from config.load import load
from softswitch.operations.support_bundle import scrubbed, secrets_of, write_bundle
from softswitch.settings.whole import Settings
from softswitch.store.entries import BusinessChanged, CallArrived, CallDataChanged, CustomersChanged
from softswitch.store.writer import Store

CALLER = "13800138000"
WEBHOOK = "whsec_" + "c2VjcmV0" * 4
HOOK = f"""
[[http.webhooks]]
name = "crm"
url = "http://127.0.0.1:9/hook"
secrets = ["{WEBHOOK}"]
"""
HEADED = ("c0ffee-response", "bearer-of-it", "cookie-of-a-page", "key-of-srtp")
HEADERS = (
    'Authorization: Digest username="8001", nonce="n", response="c0ffee-response"\r\n'
    "Proxy-Authorization: Bearer bearer-of-it\r\nCookie: csrf=x; session=cookie-of-a-page\r\n"
    "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:key-of-srtp\r\nVia: after it"
)


def settings_in(folder: Path) -> Settings:
    config = folder / "stand.toml"
    config.write_text(toml_of(99, folder, Terms(extra=HOOK)), encoding="utf-8")
    config.chmod(0o600)
    return load(Settings, config)


async def test_no_password_token_or_number_is_in_it(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    data = settings.node.data_dir
    data.mkdir(parents=True)
    store = await Store.open(data / "hotline.sqlite", key_path=data / "recording.key", wall=lambda: 1.0)
    store.record(CallArrived(at=1.0, call_id="c1", trunk="city", caller=CALLER, called="12345"))
    seat = json.dumps([["accounts", "8001", None, {"username": "8001", "password": "of a phone"}]])
    store.record(BusinessChanged(at=1.0, version=1, by="li", reason="", changes=seat))
    person = json.dumps([[1, {"name": "张三", "numbers": [CALLER], "level": 0}]])
    store.record(CustomersChanged(at=1.0, version=1, by="li", reason="", changes=person))
    typed = json.dumps({"pin": "typed by the caller"})
    store.record(CallDataChanged(at=1.0, call_id="c1", data=typed))
    await store.close()
    log = tmp_path / "server.log"
    log.write_text(
        f'{{"event": "call.arrived", "caller": "{CALLER}"}}\n'
        f'{{"event": "odd", "password": "hunter22", "detail": "{password_of(1)}"}}\n'
        f"{HEADERS}\n{json.dumps({'event': 'odd', 'message': HEADERS})}\n"
        f'{{"event": "webhook.odd", "tried": "{WEBHOOK}", "key": "whsec_bm9ib2R5J3M="}}\n'
    )
    target = tmp_path / "bundle.tar.gz"
    names = write_bundle(settings, (log,), target)
    assert target.stat().st_mode & 0o777 == 0o600
    with tarfile.open(target) as archive:
        inside = {}
        for member in archive.getmembers():
            file = archive.extractfile(member)
            assert file is not None
            inside[member.name.removeprefix("support/")] = file.read().decode()
    assert set(inside) == set(names)
    assert {"settings.json", "machine.json", "journal.jsonl", "alarms.json", "logs/server.log"} <= set(inside)
    whole = "\n".join(inside.values())
    assert list(secrets_of(settings))
    for secret in (
        *secrets_of(settings),
        *HEADED,
        "hunter22",
        "bm9ib2R5",
        CALLER,
        (data / "recording.key").read_text().strip(),
    ):
        assert secret not in whole
    assert "of a phone" not in whole
    assert "typed by" not in whole
    assert inside["logs/server.log"].count("after it") == 2, "what follows is kept"
    assert WEBHOOK in secrets_of(settings)
    assert "张三" not in whole
    assert "CustomersChanged" in inside["journal.jsonl"]
    assert json.loads(inside["settings.json"])["accounts"][0]["password"] == "***"
    masked = scrubbed(CALLER, ())
    assert masked.endswith("..00>")
    assert whole.count(masked) == 2, "lines about one caller belong together"
    with pytest.raises(FileExistsError):
        write_bundle(settings, (), target)


def test_times_ids_and_addresses_are_no_numbers_of_callers() -> None:
    text = "1700000000.25 018bd5e6c01-a1b2c3d4 127.0.0.1 2026-11-27T22:15:21.133555 r-1234567890"
    assert scrubbed(text, ()) == text


def test_of_an_address_only_the_host_is_kept() -> None:
    """Of many webhooks the path or the query is the password; some have one before the host."""
    for address in (
        "https://robot.example.cn/send?access_token=3f9c",
        "https://robot.example.cn/hooks/T0/B0/3f9c",
        "https://li:3f9c@robot.example.cn/x",
    ):
        hidden = scrubbed(json.dumps({"url": address, "next": "kept"}), ())
        assert hidden == '{"url": "https://robot.example.cn/***", "next": "kept"}'
    assert scrubbed("https://li:3f9c@robot.example.cn", ()) == "https://robot.example.cn"
    assert scrubbed("http://127.0.0.1:8080 answers", ()) == "http://127.0.0.1:8080 answers"
