"""A far end for tests: real sockets on loopback, and time that passes only when the test says so."""

import socket
from collections.abc import Callable, Sequence
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from media.commands import Codec, OpenLeg, PermitSending, SetRemote
from media.events import Event, LegOpened, RecordingClosed, RecordingFaulted, RecordingHeld
from media.g711 import LAWS, decode, encode
from media.packets import PortRange
from media.plane import TICK_S, Plane
from media.playlists import Playlists

PLANE_ADDRESS = "127.66.1.1"
PHONE_ADDRESS = "127.66.2.1"
NETWORKS = ("127.66.2.0/24",)
AMPLITUDE = 8000

Told = TypeVar("Told")


def tone(frequency_hz: float, samples: int, amplitude: float = AMPLITUDE) -> npt.NDArray[np.int16]:
    """A sine at 8 kHz."""
    return (amplitude * np.sin(2 * np.pi * frequency_hz * np.arange(samples) / 8000)).astype(np.int16)


def level_of(sound: npt.NDArray[np.int16], frequency_hz: float) -> float:
    """Amplitude of one frequency in a sound."""
    phase = np.exp(-2j * np.pi * frequency_hz * np.arange(len(sound)) / 8000)
    return float(2 * abs(np.dot(sound.astype(np.float64) * np.hanning(len(sound)) * 2, phase)) / len(sound))


class WriterInMemory:
    """Recordings as lists of A-law frames."""

    def __init__(self) -> None:
        self.names: list[str] = []
        self.calls: dict[str, str] = {}
        self.frames: dict[str, list[tuple[bytes, bytes]]] = {}
        self.closed: list[str] = []

    def open(self, recording_id: str, call_id: str, path: str, now: float) -> int:
        """Begin."""
        self.names.append(recording_id)
        self.calls[recording_id] = call_id
        self.frames[recording_id] = []
        return len(self.names) - 1

    def write(
        self, rows: npt.NDArray[np.int64], left: npt.NDArray[np.uint8], right: npt.NDArray[np.uint8]
    ) -> None:
        """Keep a frame of each."""
        for row, one, other in zip(rows.tolist(), left, right, strict=True):
            self.frames[self.names[row]].append((one.tobytes(), other.tobytes()))

    def close(self, recording_id: str) -> None:
        """End."""
        self.closed.append(recording_id)

    def take_events(self) -> Sequence[RecordingClosed | RecordingFaulted]:
        """Nothing happens here."""
        return ()

    def held(self) -> Sequence[RecordingHeld]:
        """What is open."""
        return [
            RecordingHeld(recording_id=name, call_id=self.calls[name], path="", frames=len(self.frames[name]))
            for name in self.names
            if name not in self.closed
        ]

    def sound(self, recording_id: str, channel: int) -> npt.NDArray[np.int16]:
        """One channel, expanded."""
        coded = b"".join(frame[channel] for frame in self.frames[recording_id])
        return decode(np.frombuffer(coded, dtype=np.uint8), 0)


class Phone:
    """One far end: sends a sound and keeps what it hears."""

    def __init__(
        self,
        leg_id: str,
        *,
        codec: Codec = Codec.PCMA,
        payload_type: int | None = None,
        ptime_ms: int = 20,
        address: str = PHONE_ADDRESS,
        event_type: int | None = 101,
    ) -> None:
        self.leg_id = leg_id
        self.codec = codec
        self.payload_type = (8 if codec is Codec.PCMA else 0) if payload_type is None else payload_type
        self.ptime_ms = ptime_ms
        self.event_type = event_type
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        self.socket = socket.socket(family, socket.SOCK_DGRAM)
        self.socket.setblocking(False)
        self.socket.bind((address, 0))
        self.address, self.port = self.socket.getsockname()[:2]
        self.sequence = 1000
        self.timestamp = 0xFFFFFF00  # wraps soon
        self.ssrc = 0x1234
        self.heard: list[bytes] = []
        self.plane_at = ("", 0)

    def send(self, sound: npt.NDArray[np.int16], *, marker: bool = False) -> None:
        """Send samples as one packet."""
        self.send_raw(self.packet(encode(sound, LAWS[self.codec]).tobytes(), marker=marker))
        self.advance(len(sound))

    def packet(self, payload: bytes, *, marker: bool = False, payload_type: int | None = None) -> bytes:
        """An RTP packet with the present sequence and timestamp."""
        kind = self.payload_type if payload_type is None else payload_type
        first = 0x80000000 | int(marker) << 23 | kind << 16 | self.sequence & 0xFFFF
        words = (first, self.timestamp & 0xFFFFFFFF, self.ssrc)
        return b"".join(word.to_bytes(4, "big") for word in words) + payload

    def advance(self, samples: int, packets: int = 1) -> None:
        """Let sequence and timestamp move on."""
        self.sequence += packets
        self.timestamp += samples

    def send_raw(self, data: bytes) -> None:
        """Send bytes to the plane."""
        self.socket.sendto(data, self.plane_at)

    def listen(self) -> list[bytes]:
        """Take every packet that came since the last time; they are kept in `heard` too."""
        packets = []
        while True:
            try:
                packets.append(self.socket.recv(2048))
            except BlockingIOError:
                self.heard += packets
                return packets

    def heard_sound(self, packets: Sequence[bytes] | None = None) -> npt.NDArray[np.int16]:
        """The voice payloads that were heard, expanded and joined."""
        chosen = self.heard if packets is None else packets
        voice = b"".join(p[12:] for p in chosen if p[1] & 0x7F == self.payload_type)
        return decode(np.frombuffer(voice, dtype=np.uint8), LAWS[self.codec])

    def remote(self, **changes: object) -> SetRemote:
        """The SetRemote that this phone's SDP leads to."""
        fields: dict[str, object] = {
            "leg_id": self.leg_id,
            "address": self.address,
            "port": self.port,
            "codec": self.codec,
            "payload_type": self.payload_type,
            "dtmf_payload_type": self.event_type,
            "comfort_noise_payload_type": None,
            "ptime_ms": self.ptime_ms,
        }
        return SetRemote(**(fields | changes))  # type: ignore[arg-type]

    def close(self) -> None:
        """Close the socket."""
        self.socket.close()


Saying = Callable[[int], None]
"""What phones do before tick i."""


def speak(phone: Phone, frequency_hz: float, ticks: int, ptime_ms: int = 20) -> Saying:
    """The phone speaks a tone in packets of its packet time."""
    sound = tone(frequency_hz, 160 * (ticks + 4))
    size = ptime_ms * 8
    sent = 0

    def say(index: int) -> None:
        nonlocal sent
        while sent + size <= (index + 1) * 160:
            phone.send(sound[sent : sent + size])
            sent += size

    return say


def both(*sayings: Saying) -> Saying:
    """Several phones at once."""

    def say(index: int) -> None:
        for each in sayings:
            each(index)

    return say


class Desk:
    """A plane with a hand on its clock."""

    def __init__(self, **settings: object) -> None:
        self.writer = WriterInMemory()
        music = {"waiting": tone(600, 8000)}
        prompts = {"welcome": tone(900, 1600), "beep": tone(1200, 320)}
        fields: dict[str, object] = {
            "max_legs": 16,
            "ports": PortRange(20000, 29999),
            "prompts": Playlists.of(16, prompts),
            "music": music,
            "recordings": self.writer,
            "seed": 1,
        }
        self.plane = Plane(**(fields | settings))  # type: ignore[arg-type]
        self.now = 100.0
        self.events: list[Event] = []
        self.phones: list[Phone] = []

    def open(
        self,
        phone: Phone,
        *,
        nat_address: str | None = None,
        connect: bool = True,
        at: str = PLANE_ADDRESS,
        networks: tuple[str, ...] = NETWORKS,
    ) -> Phone:
        """Open a leg for a phone at an address of ours; with `connect` its SDP is set and its dialog confirmed."""
        self.do(
            OpenLeg(
                leg_id=phone.leg_id,
                call_id="call",
                local_address=at,
                networks=networks,
                nat_address=nat_address,
            )
        )
        opened = self.events[-1]
        assert isinstance(opened, LegOpened), opened
        phone.plane_at = (opened.address, opened.port)
        self.phones.append(phone)
        if connect:
            self.do(phone.remote(), PermitSending(leg_id=phone.leg_id))
        return phone

    def do(self, *commands: object) -> None:
        """Execute commands and collect what they tell."""
        for command in commands:
            self.plane.execute(command, self.now)  # type: ignore[arg-type]
        self.events += self.plane.take_events()

    def tick(self, ticks: int = 1, before: Saying | None = None) -> None:
        """Let ticks pass; `before(i)` is where phones speak."""
        for index in range(ticks):
            if before is not None:
                before(index)
            self.plane.tick(self.now)
            self.now += TICK_S
            self.events += self.plane.take_events()
            for phone in self.phones:
                phone.listen()

    def told(self, kind: type[Told]) -> list[Told]:
        """Every event of one kind so far."""
        return [event for event in self.events if isinstance(event, kind)]

    def close(self) -> None:
        """Close all sockets."""
        self.plane.close()
        for phone in self.phones:
            phone.close()
