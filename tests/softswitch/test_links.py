"""Links between processes: every word checked, order kept, the end of a peer seen at once."""

import asyncio
import os
import select
import signal
import socket
import stat
import sys
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import msgpack
import pytest
import uvloop
from hypothesis import given
from hypothesis import strategies as st

import media.commands
import media.events
from bench.leash import LEASH
from bench.running_server import ROOT
from softswitch.cells import messages
from softswitch.links import Client, LinkFault, LinkRefused, NoDescriptor, Server, Vocabulary
from tests.shortage import no_descriptor_left


class Colour(StrEnum):
    """A test enum."""

    RED = "red"
    BLUE = "blue"


@dataclass(frozen=True, slots=True, kw_only=True)
class Inner:
    """A nested part."""

    name: str
    gain: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """A message with every kind of field."""

    text: str
    number: int = 0
    ratio: float = 0.0
    flag: bool = False
    colour: Colour = Colour.RED
    raw: bytes = b""
    maybe: int | None = None
    pairs: tuple[tuple[str, str], ...] = ()
    parts: tuple[Inner, ...] = ()
    one: Inner | None = None
    table: dict[str, float] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Stranger:
    """Not in the vocabulary."""

    text: str


WORDS = Vocabulary(Said)
inners = st.builds(Inner, name=st.text(), gain=st.floats(allow_nan=False))


@given(
    st.builds(
        Said,
        text=st.text(),
        number=st.integers(-(2**63), 2**63 - 1),
        ratio=st.floats(allow_nan=False),
        flag=st.booleans(),
        colour=st.sampled_from(Colour),
        raw=st.binary(max_size=99),
        maybe=st.none() | st.integers(0, 9),
        pairs=st.lists(st.tuples(st.text(), st.text()), max_size=3).map(tuple),
        parts=st.lists(inners, max_size=3).map(tuple),
        one=st.none() | inners,
        table=st.none() | st.dictionaries(st.text(), st.floats(allow_nan=False), max_size=3),
    )
)
def test_a_message_arrives_as_it_was_sent(message: Said) -> None:
    assert WORDS.decode(WORDS.encode(message)) == message


@given(st.binary(max_size=200))
def test_junk_is_a_link_fault_and_nothing_else(data: bytes) -> None:
    with pytest.raises(LinkFault):
        WORDS.decode(data)


@pytest.mark.parametrize(
    ("pair", "names"),
    [
        (["Said", {"text": 5}], "Said.text"),
        (["Said", {"text": "a", "colour": "green"}], "Said.colour"),
        (["Said", {"text": "a", "number": True}], "Said.number"),
        (["Said", {"text": "a", "pairs": [["one"]]}], "Said.pairs"),
        (["Said", {"text": "a", "parts": [["Stranger", {"text": "x"}]]}], "Said.parts"),
        (["Said", {"text": "a", "nonsense": 1}], "nonsense"),
        (["Said", {}], "missing"),
        (["Stranger", {"text": "a"}], "Stranger"),
        (["Said"], "class name"),
    ],
)
def test_a_wrong_field_is_named(pair: list[object], names: str) -> None:
    with pytest.raises(LinkFault, match=names):
        WORDS.decode(msgpack.packb(pair))


def test_only_words_of_the_link_can_be_sent() -> None:
    for wrong in (Stranger(text="a"), Inner(name="a"), "text", None):
        with pytest.raises(LinkFault):
            WORDS.encode(wrong)


def test_a_message_that_no_socket_takes_is_refused_by_its_sender() -> None:
    with pytest.raises(LinkFault, match="too long"):
        WORDS.encode(Said(text="x" * 200_000))


def test_text_that_is_not_utf8_survives() -> None:
    """A display name in a wrong encoding reaches the other process unharmed."""
    message = Said(text=b"\xc3\x28 \xff".decode(errors="surrogateescape"))
    assert WORDS.decode(WORDS.encode(message)) == message


def test_every_word_of_cells_nursery_and_plane_can_travel() -> None:
    for union in (
        messages.CellCommand,
        messages.CellEvent,
        messages.NurseryCommand,
        messages.NurseryEvent,
        media.commands.Command,
        media.events.Event,
    ):
        Vocabulary(*union.__args__)
    words = Vocabulary(media.commands.SetHearing)
    row = media.commands.SetHearing(
        leg_id="a", sources=(media.commands.Source(kind=media.commands.SourceKind.MUSIC, name="w", gain=0.5),)
    )
    assert words.decode(words.encode(row)) == row


# ---- sockets ---------------------------------------------------------------------------------------


class Listener:
    """What a client heard."""

    def __init__(self) -> None:
        self.messages: list[Said] = []
        self.closed = asyncio.Event()

    def on_message(self, message: Said) -> None:
        self.messages.append(message)

    async def connect(self, path: Path) -> Client:
        return await Client.connect(
            path, sends=WORDS, receives=WORDS, on_message=self.on_message, on_closed=self.closed.set
        )

    async def wait_count(self, count: int) -> None:
        async with asyncio.timeout(5):
            while len(self.messages) < count:
                await asyncio.sleep(0)


async def test_order_is_kept_both_ways_beyond_the_socket_buffer(tmp_path: Path) -> None:
    server = Server(tmp_path / "run" / "a.sock", receives=WORDS, sends=WORDS)
    listener = Listener()
    client = await listener.connect(server.path)
    assert server.service() == []
    sent = [Said(text="x" * 9000, number=n) for n in range(1500)]  # 13 MB: more than any buffer
    for message in sent:
        client.send(message)
        server.send(message)
    assert server.wants_to_write
    received: list[Said] = []
    async with asyncio.timeout(20):
        while len(received) < len(sent) or len(listener.messages) < len(sent):
            received += server.service()
            await asyncio.sleep(0)
    assert received == sent
    assert listener.messages == sent
    client.close()
    server.close()


async def test_folder_and_socket_are_closed_to_others(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir(mode=0o755)
    server = Server(tmp_path / "run" / "a.sock", receives=WORDS, sends=WORDS)
    assert stat.S_IMODE(server.path.parent.stat().st_mode) == 0o700
    assert stat.S_IMODE(server.path.stat().st_mode) == 0o600
    server.close()
    assert not server.path.exists()


@pytest.mark.skipif(os.getuid() != 0, reason="needs root to become somebody else")
def test_another_user_is_turned_away() -> None:
    """Even with folder and socket opened to all by mistake, the kernel's word about the peer decides."""
    with tempfile.TemporaryDirectory(dir="/tmp") as open_to_all:
        server = Server(Path(open_to_all) / "a.sock", receives=WORDS, sends=WORDS)
        server.path.chmod(0o666)
        server.path.parent.chmod(0o755)
        child = os.fork()
        if child == 0:
            code = 9
            with suppress(BaseException):
                os.setuid(65534)
                stranger = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
                stranger.settimeout(5)
                stranger.connect(str(server.path))
                code = 8
                with suppress(ConnectionResetError, BrokenPipeError):
                    stranger.send(WORDS.encode(Said(text="let me in")))
                    code = 7 if stranger.recv(100) == b"" else 6
            os._exit(code)
        select.select(server.filenos(), [], [], 5)
        heard = server.service()
        _, status = os.waitpid(child, 0)
        assert os.waitstatus_to_exitcode(status) in (7, 8)
        assert heard == []
        assert server.connections == 0
        server.close()


def test_links_work_on_uvloop_as_well(tmp_path: Path) -> None:
    """Control runs on it where it is present."""

    async def talk() -> None:
        server = Server(tmp_path / "run" / "a.sock", receives=WORDS, sends=WORDS)
        listener = Listener()
        client = await listener.connect(server.path)
        sent = [Said(text="x" * 9000, number=n) for n in range(700)]
        for message in sent:
            client.send(message)
        received: list[Said] = []
        async with asyncio.timeout(10):
            while len(received) < len(sent):
                received += server.service()
                await asyncio.sleep(0)
        assert received == sent
        server.send(Said(text="last words"))
        server.close()
        async with asyncio.timeout(5):
            await listener.closed.wait()
        assert [message.text for message in listener.messages] == ["last words"]

    uvloop.run(talk())


async def test_newer_client_replaces_the_older(tmp_path: Path) -> None:
    server = Server(tmp_path / "run" / "a.sock", receives=WORDS, sends=WORDS)
    old, new = Listener(), Listener()
    first = await old.connect(server.path)
    first.send(Said(text="before"))
    second = await new.connect(server.path)
    second.send(Said(text="after"))
    assert [message.text for message in server.service()] == ["before", "after"]
    server.send(Said(text="to the newer"))
    await new.wait_count(1)
    async with asyncio.timeout(5):
        await old.closed.wait()
    assert old.messages == []
    assert not first.connected
    second.close()
    server.close()


async def test_last_words_of_a_dying_server_are_heard_before_its_end(tmp_path: Path) -> None:
    """A server that dies with our words unread resets the link; what it said before still arrives."""
    server = Server(tmp_path / "run" / "a.sock", receives=WORDS, sends=WORDS)
    listener = Listener()
    client = await listener.connect(server.path)
    server.service()
    client.send(Said(text="never read"))
    server.send(Said(text="last words"))
    server.close()
    async with asyncio.timeout(5):
        await listener.closed.wait()
    assert [message.text for message in listener.messages] == ["last words"]
    client.send(Said(text="into the void"))
    assert client.dropped == 1


async def test_last_words_of_a_dying_client_are_heard(tmp_path: Path) -> None:
    server = Server(tmp_path / "run" / "a.sock", receives=WORDS, sends=WORDS)
    client = await Listener().connect(server.path)
    server.service()
    server.send(Said(text="never read"))
    client.send(Said(text="bye"))
    client.close()
    assert [message.text for message in server.service()] == ["bye"]
    assert server.service() == []
    assert not server.connected
    server.send(Said(text="to nobody"))
    assert server.dropped == 1
    server.close()


async def test_junk_costs_no_other_message(tmp_path: Path) -> None:
    server = Server(tmp_path / "run" / "a.sock", receives=WORDS, sends=WORDS)
    raw = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    raw.connect(str(server.path))
    raw.send(b"\xff\x00junk")
    raw.send(WORDS.encode(Said(text="fine")))
    assert server.service() == [Said(text="fine")]
    assert server.faults == 1
    raw.close()
    server.close()


async def test_a_listener_that_fails_costs_no_other_message(tmp_path: Path) -> None:
    server = Server(tmp_path / "run" / "a.sock", receives=WORDS, sends=WORDS)
    heard: list[str] = []
    reported: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: reported.append(context))

    def on_message(message: Said) -> None:
        heard.append(message.text)
        if message.text == "bad":
            raise KeyError(message.text)

    client = await Client.connect(
        server.path, sends=WORDS, receives=WORDS, on_message=on_message, on_closed=lambda: None
    )
    server.service()
    for text in ("bad", "good"):
        server.send(Said(text=text))
    async with asyncio.timeout(5):
        while len(heard) < 2:
            await asyncio.sleep(0)
    assert len(reported) == 1
    client.close()
    server.close()


async def test_nobody_there_is_a_typed_error(tmp_path: Path) -> None:
    with pytest.raises(LinkRefused):
        await Listener().connect(tmp_path / "missing" / "a.sock")
    server = Server(tmp_path / "run" / "a.sock", receives=WORDS, sends=WORDS)
    server._listener.close()
    with pytest.raises(LinkRefused, match="refused"):
        await Listener().connect(server.path)


async def test_a_restarted_server_takes_over_a_stale_socket_with_a_long_path(tmp_path: Path) -> None:
    path = tmp_path / ("long" * 30) / "a.sock"
    Server(path, receives=WORDS, sends=WORDS).close_inherited()
    assert path.exists()
    server = Server(path, receives=WORDS, sends=WORDS)
    client = await Listener().connect(path)
    client.send(Said(text="hello"))
    assert [message.text for message in server.service()] == ["hello"]
    client.close()
    server.close()


SERVE = """
import sys, time
from pathlib import Path
from tests.softswitch.test_links import WORDS
from softswitch.links import Server
server = Server(Path(sys.argv[1]), receives=WORDS, sends=WORDS)
print("serves", flush=True)
while True:
    server.service()
    time.sleep(0.01)
"""


async def test_a_server_that_hangs_is_ended_by_its_process_id(tmp_path: Path) -> None:
    """It is stopped: its end of the link stays open, and nothing but its death closes it."""
    path = tmp_path / "run" / "s.sock"
    process = await asyncio.create_subprocess_exec(
        *LEASH, sys.executable, "-c", SERVE, str(path), stdout=asyncio.subprocess.PIPE, cwd=ROOT
    )
    closed = asyncio.Event()
    try:
        assert process.stdout is not None
        assert await process.stdout.readline() == b"serves\n"
        client = await Client.connect(
            path, sends=WORDS, receives=WORDS, on_message=lambda message: None, on_closed=closed.set
        )
        server_pid = client.peer_pid
        assert server_pid != os.getpid()
        os.kill(server_pid, signal.SIGSTOP)
        assert client.kill_peer()
        async with asyncio.timeout(5):
            await closed.wait()
            await process.wait()
        assert client.peer_pid == 0
        assert not client.kill_peer()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def test_a_client_without_a_descriptor_does_not_take_the_server_for_dead(tmp_path: Path) -> None:
    """It can tell nothing of the server, kills nobody, and connects once there is a descriptor again."""
    server = Server(tmp_path / "run" / "a.sock", receives=WORDS, sends=WORDS)
    listener = Listener()
    with no_descriptor_left(), pytest.raises(NoDescriptor) as raised:
        await listener.connect(server.path)
    assert raised.value.path == server.path
    client = await listener.connect(server.path)
    assert client.connected
    client.close()
    server.close()


async def test_a_server_without_a_descriptor_still_takes_in_a_client(tmp_path: Path) -> None:
    """It keeps one back: else a new control would find nobody who could tell it what is held."""
    server = Server(tmp_path / "run" / "a.sock", receives=WORDS, sends=WORDS)
    first, second = Listener(), Listener()
    former = await first.connect(server.path)
    server.service()
    successor = await second.connect(server.path)
    with no_descriptor_left():
        server.service()
        server.send(Said(text="to you"))
        assert server.connections == 2
    await second.wait_count(1)
    for client in (former, successor):
        client.close()
    server.close()


async def test_a_server_in_the_same_process_is_not_killed(tmp_path: Path) -> None:
    server = Server(tmp_path / "run" / "s.sock", receives=WORDS, sends=WORDS)
    client = await Client.connect(
        server.path, sends=WORDS, receives=WORDS, on_message=lambda message: None, on_closed=lambda: None
    )
    assert client.peer_pid == os.getpid()
    assert not client.kill_peer()
    client.close()
    server.close()
