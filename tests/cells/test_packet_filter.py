"""The kernel filter: one peer's datagrams pass, all others vanish before anybody reads them."""

import socket

import pytest

from softswitch.cells.packet_filter import attach, descriptor_bound_to, only_from


def udp(address: str) -> socket.socket:
    """A bound UDP socket with a short patience."""
    end = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    end.bind((address, 0))
    end.settimeout(0.2)
    return end


def test_only_the_named_peer_is_heard() -> None:
    cell, edge, sibling = udp("127.78.0.20"), udp("127.78.0.21"), udp("127.78.0.21")
    stranger = udp("127.78.0.22")
    with cell, edge, sibling, stranger:
        attach(cell.fileno(), only_from(*edge.getsockname()))
        for sender in (stranger, sibling, edge, stranger):
            sender.sendto(b"hello", cell.getsockname())
        assert cell.recvfrom(100) == (b"hello", edge.getsockname())
        with pytest.raises(TimeoutError):
            cell.recvfrom(100)


def test_the_socket_of_the_stack_is_found_by_its_address() -> None:
    with udp("127.78.0.23") as one, udp("127.78.0.23") as other:
        assert descriptor_bound_to(*one.getsockname()) == one.fileno()
        assert descriptor_bound_to(*other.getsockname()) == other.fileno()
    assert descriptor_bound_to("127.78.0.24", 9) is None
