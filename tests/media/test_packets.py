"""The sockets of the plane on loopback."""

import socket
from pathlib import Path

import numpy as np
import pytest

from media.packets import INBOX_BYTES, NoPorts, PacketExchange, PortRange

HERE = "127.66.4.1"
THERE = "127.66.4.2"


def far_end() -> socket.socket:
    """A socket of a phone."""
    made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    made.bind((THERE, 0))
    made.settimeout(2)
    return made


def test_ports_are_even_odd_pairs_that_rest_before_they_come_again() -> None:
    """A pair that was freed is the last to be bound again."""
    ports = PortRange(30000, 30005)
    pairs = [ports.bind(HERE) for _ in range(3)]
    assert [pair.port for pair in pairs] == [30000, 30002, 30004]
    assert [pair.control.getsockname()[1] for pair in pairs] == [30001, 30003, 30005]
    with pytest.raises(NoPorts, match=r"127\.66\.4\.1"):
        ports.bind(HERE)
    for pair in pairs:
        pair.close()
    assert ports.bind(HERE).port == 30000


def test_a_port_in_use_elsewhere_is_stepped_over() -> None:
    """By another process, or as anybody's RTCP port."""
    taken = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    taken.bind((HERE, 30011))
    pair = PortRange(30010, 30015).bind(HERE)
    assert pair.port == 30012
    pair.close()
    taken.close()


def test_an_address_that_is_not_ours_is_said_so() -> None:
    """Without trying every port."""
    with pytest.raises(NoPorts, match=r"192\.0\.2\.1"):
        PortRange(30020, 40000).bind("192.0.2.1")


def test_a_batch_holds_one_packet_of_each_and_strangers_come_apart() -> None:
    """Two from the peer, one from a stranger; a datagram that is too long fills its row."""
    exchange, ports = PacketExchange(4), PortRange(30030, 30099)
    peer, stranger = far_end(), far_end()
    pair = ports.bind(HERE)
    exchange.join(2, pair)
    assert exchange.connect(2, peer.getsockname()) == []
    for sender, data in ((peer, b"one"), (stranger, b"bad"), (peer, b"x" * 1500)):
        sender.sendto(data, (HERE, pair.port))
    first, second = exchange.receive()
    assert first.slots.tolist() == second.slots.tolist() == [2]
    assert first.lengths.tolist() == [3]
    assert second.lengths.tolist() == [INBOX_BYTES]
    assert exchange.receive() == []
    others = list(exchange.receive_others())
    assert [(control, each.slot, each.data) for control, each in others] == [(False, 2, b"bad")]
    stranger.sendto(b"report", (HERE, pair.port + 1))
    ((is_control, report),) = exchange.receive_others()
    assert is_control
    assert report.received_at_s is not None
    exchange.close()
    peer.close()
    stranger.close()


def test_rows_are_sent_to_their_peers() -> None:
    """And a closed port on the far side costs nothing but its packets."""
    exchange, ports = PacketExchange(4), PortRange(30100, 30199)
    peers = [far_end(), far_end()]
    for slot, peer in enumerate(peers):
        exchange.join(slot, ports.bind(HERE))
        exchange.connect(slot, peer.getsockname())
    exchange.outbox[:2, :4] = [[1, 2, 3, 4], [5, 6, 7, 8]]
    slots, lengths = np.array([0, 1]), np.array([4, 2])
    exchange.send(slots, lengths)
    assert [peer.recv(100) for peer in peers] == [b"\x01\x02\x03\x04", b"\x05\x06"]
    peers[0].close()
    for _ in range(3):
        exchange.send(slots, lengths)
        exchange.receive()
    assert peers[1].recv(100) == b"\x05\x06"
    exchange.leave(0)
    exchange.send(np.array([1]), np.array([4]))
    exchange.close()
    peers[1].close()


def test_packets_that_the_kernel_refuses_are_counted() -> None:
    """The error of a closed port comes with the packet after the first."""
    exchange, peer = PacketExchange(4), far_end()
    exchange.join(0, PortRange(30200, 30299).bind(HERE))
    exchange.connect(0, peer.getsockname())
    peer.close()
    exchange.send_one(0, b"lost on its way")
    assert exchange.send_failures == 0
    exchange.send_one(0, b"refused")
    assert exchange.send_failures == 1
    exchange.close()


def test_room_for_every_socket_is_made_at_the_start() -> None:
    """The kernel's table of open files does not have to grow while sound runs."""
    exchange = PacketExchange(500)
    (size,) = [
        int(line.split()[1])
        for line in Path("/proc/self/status").read_text().splitlines()
        if line.startswith("FDSize")
    ]
    assert size >= 500 * 3
    exchange.close()
