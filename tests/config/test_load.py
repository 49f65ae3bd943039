"""A file from disk: read once, with its mode, as an editor left it; the machine's own settings among them."""

import hashlib
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from config.faults import ConfigFaults
from config.load import load
from softswitch.settings.trunks import TrunkKind
from softswitch.settings.whole import Settings

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """A small file."""

    name: str = "door"
    key: str = field(default="", metadata={"secret": True})


def written(folder: Path, text: str | bytes, mode: int = 0o600) -> Path:
    """A file with this text and mode."""
    path = folder / "door.toml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    path.chmod(mode)
    return path


def refused(path: Path, cls: type = Door) -> str:
    """The refusal's text."""
    with pytest.raises(ConfigFaults) as caught:
        load(cls, path)
    return str(caught.value)


def test_a_file_becomes_typed_settings(tmp_path: Path) -> None:
    assert load(Door, written(tmp_path, 'name = "门"\nkey = "k"')) == Door(name="门", key="k")


def test_a_byte_order_mark_and_windows_lines_do_no_harm(tmp_path: Path) -> None:
    assert load(Door, written(tmp_path, b'\xef\xbb\xbfname = "x"\r\n')).name == "x"


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o602, 0o644])
def test_a_file_with_secrets_that_others_may_read_or_change_is_refused(tmp_path: Path, mode: int) -> None:
    path = written(tmp_path, 'key = "geheim"', mode)
    text = refused(path)
    assert f"chmod 600 {path}" in text
    assert f"{mode:04o}" in text
    assert "geheim" not in text


@pytest.mark.parametrize("mode", [0o600, 0o400, 0o700])
def test_a_file_with_secrets_that_only_its_owner_reads_is_taken(tmp_path: Path, mode: int) -> None:
    assert load(Door, written(tmp_path, 'key = "geheim"', mode)).key == "geheim"


def test_a_file_without_secrets_may_be_open(tmp_path: Path) -> None:
    assert load(Door, written(tmp_path, 'key = ""', 0o644)) == Door()


def test_an_open_file_is_refused_together_with_its_other_mistakes(tmp_path: Path) -> None:
    text = refused(written(tmp_path, 'key = "geheim"\nnaem = 1', 0o644))
    assert "2 faults" in text
    assert "name?" in text


def test_a_secret_stays_out_of_repr(tmp_path: Path) -> None:
    assert "geheim" not in repr(load(Door, written(tmp_path, 'key = "geheim"')))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('name = "x"\nkey = oops', "line 2"),
        ('name = "x"\nname = "y"\n', "line 2"),
        (b'name = "x"\n# \xff', "line 2"),
        ("x = " + "[" * 5000, "nested too deeply"),
        ("x = " + "1" * 5000, "cannot be used"),
        ("key = 1979-05-27", "key = ****"),
    ],
)
def test_a_file_that_cannot_be_read_as_toml_is_refused_with_the_place(
    tmp_path: Path, text: str | bytes, words: str
) -> None:
    assert words in refused(written(tmp_path, text))


def test_a_missing_file_and_a_folder_are_refused(tmp_path: Path) -> None:
    assert "No such file" in refused(tmp_path / "none.toml")
    assert "Is a directory" in refused(tmp_path)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.one_of(st.binary(max_size=200), st.text(max_size=200).map(str.encode)))
def test_whatever_stands_in_a_file_gives_settings_or_named_faults(tmp_path: Path, text: bytes) -> None:
    path = written(tmp_path, text)
    try:
        load(Settings, path)
    except ConfigFaults as refusal:
        assert refusal.faults  # noqa: PT017  either outcome is right; only this one has something to check


DEMO = ROOT / "config" / "demo.toml"


def demo(folder: Path, *changes: tuple[str, str]) -> Path:
    """The demo's file with some texts replaced, once each."""
    text = DEMO.read_text(encoding="utf-8")
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new, 1)
    return written(folder, text)


def test_the_demo_describes_the_machine_that_its_peers_call(tmp_path: Path) -> None:
    machine = load(Settings, demo(tmp_path))
    assert [(t.protocol, t.address, t.port) for t in machine.sip.transports] == [
        ("udp", "127.0.0.1", 5060),
        ("tcp", "127.0.0.1", 5060),
    ]
    assert [trunk.addresses for trunk in machine.trunks] == [("127.0.0.2/32",)]
    assert {account.media_networks for account in machine.accounts} == {("127.0.0.3/32",)}
    assert [account.extension for account in machine.accounts] == ["8001", "8002", "8003", "8004"]
    assert [agent.id for agent in machine.agents] == ["1001", "1002", "1003", "1004", "2001", "9001"]
    assert [(route.number, route.queue) for route in machine.routes] == [("12345", "hotline")]
    assert (machine.http.address, machine.http.port) == ("127.0.0.1", 8080)
    (token,) = machine.http.tokens
    assert token.sha256 == hashlib.sha256(b"demo-token-for-loopback-only").hexdigest()
    assert machine.trunks[0].kind is TrunkKind.SIP


def test_the_machine_s_passwords_stay_out_of_its_repr(tmp_path: Path) -> None:
    machine = load(Settings, demo(tmp_path))
    assert machine.accounts[0].password == "demo-8001"
    assert "demo-8001" not in repr(machine)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (('queue = "hotline"', 'queue = "hot"'), "routes.12345.queue"),
        (('greeting = "welcome"', 'trunk = "west"'), "routes.12345.trunk"),
        (('queues = ["hotline"]', 'queues = ["x"]'), "agents.1001.queues"),
        (('username = "8002"', 'username = "8001"'), "accounts: '8001'"),
        (('extension = "8002"', 'extension = "8001"'), "extension 8001 belongs to two accounts"),
        (('kind = "sip"', 'kind = "e1_gateway"'), "trunks.demo.spans"),
        (
            ('kind = "sip"', 'kind = "e1_gateway"\nspans = 2\nspan_groups = ["a", "a"]'),
            "trunks.demo.span_groups",
        ),
        (('kind = "sip"', "register = true"), "trunks.demo.register"),
        (("port_min = 20000", "port_min = 20001"), "media.port_min"),
        (("port_max = 20999", "port_max = 20001"), "media.port_max"),
        (("max_legs = 100", "jitter_min_ms = 200"), "media.jitter_max_ms"),
        (('realm = "hotline"', "registration_max_s = 30"), "sip.registration_max_s"),
        (('realm = "hotline"', "algorithms = []"), "sip.algorithms"),
        (('address = "127.0.0.1"', 'address = "0.0.0.0"'), "sip.transports[0].advertised_address: 0.0.0.0"),
        (
            ('protocol = "udp"', 'protocol = "udp"\nadvertised_address = "2001:db8::1"'),
            "sip.transports[0].advertised_address: 2001:db8::1",
        ),
        (
            ('protocol = "udp"', 'protocol = "udp"\nmedia_address = "224.0.0.1"'),
            "sip.transports[0].media_address: 224.0.0.1",
        ),
        (('kind = "sip"', 'media_address = "0.0.0.0"'), "trunks.demo.media_address: 0.0.0.0"),
        (('protocol = "tcp"', 'protocol = "udp"'), "sip.transports: udp 127.0.0.1:5060"),
        (('password = "demo-8001"', 'password = ""'), "accounts.8001.password = ****"),
        (("[[queues]]", '[[routes]]\nnumber = "12345"\nqueue = "hotline"\n\n[[queues]]'), "routes.12345: "),
    ],
)
def test_a_machine_that_would_not_fit_together_is_refused(
    tmp_path: Path, change: tuple[str, str], words: str
) -> None:
    text = refused(demo(tmp_path, change), Settings)
    assert words in text
    assert "1 fault" in text


def test_a_machine_that_listens_nowhere_is_refused(tmp_path: Path) -> None:
    assert "sip.transports" in refused(written(tmp_path, "[sip]\ntransports = []"), Settings)


def test_many_mistakes_are_told_in_one_go(tmp_path: Path) -> None:
    text = refused(
        demo(
            tmp_path,
            ("ring_time_s = 15.0", "ring_time = 15.0"),
            ("port = 8080", 'port = "8080"'),
            ("channels = 30", "channels = 0"),
            ('"127.0.0.3/32"', '"127.0.0.3/24"'),
        ),
        Settings,
    )
    assert "4 faults" in text
    for words in (
        "queues.hotline.ring_time: 未知的键 / unknown key (是否为 / did you mean ring_time_s?)",
        'http.port = "8080": 应为整数 / an integer, ≥ 1, ≤ 65535 (去掉引号 / without quotes)',
        "trunks.demo.channels = 0: 应为整数 / an integer, ≥ 1, ≤ 2000",
        "did you mean 127.0.0.0/24?",
    ):
        assert words in text
