"""A machine's TOML for benches and tests: a hotline of some seats on loopback addresses of its own.

Number n takes 127.64.n.1 (SIP, HTTP, media), .2 (trunk), .3 (phones), .9 (a stranger), and 127.77.n.1 and
127.78.n.0 inside, so several may run side by side.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

TOKEN = "scratch-token"
HOTLINE = "12345"
NUMBERS = range(60, 100)
"""Those of benches; tests have theirs above."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What a bench or a test wants of its softswitch.  Seconds."""

    seats: int = 2
    ring_time_s: float = 15.0
    wrap_up_s: float = 1.0
    decline_delay_s: float = 0.5
    position_every_s: float = 30.0
    queue_limit: int = 256
    channels: int = 30
    options_interval_s: float = 30.0
    options_timeout_s: float = 2.0
    announce_agent: bool = True
    greeting: str = "welcome"
    spare_legs: int = 8
    algorithms: tuple[str, ...] = ("SHA-256", "MD5")
    trunk_kind: str = "sip"
    spans: int = 1  # of an E1 gateway
    media_via: tuple[str, ...] = ()  # further networks from which trunk and phones may send (relays)
    # TOML put into its table as it is; {network} stands for the first three numbers of its addresses.
    node_extra: str = ""
    sip_extra: str = ""
    transport_extra: str = ""
    trunk_extra: str = "options_ping = false"
    media_extra: str = ""
    seat_extra: str = ""
    queue_extra: str = ""
    http_extra: str = ""
    agent_extra: tuple[str, ...] = ()  # of agent 1, 2, …
    extra: str = ""


def password_of(seat: int) -> str:
    """The SIP password of a seat."""
    return f"secret-{seat}"


def _quoted(values: Iterable[str]) -> str:
    return "[" + ", ".join(f'"{value}"' for value in values) + "]"


def toml_of(number: int, folder: Path, terms: Terms) -> str:
    """The machine's TOML for one stand."""
    network = f"127.64.{number}"

    def placed(text: str) -> str:
        return text.replace("{network}", network)

    phones = [f"{network}.3/32", *terms.media_via]
    trunk = [f"{network}.2/32", *terms.media_via]
    spans = f"spans = {terms.spans}\n" if terms.trunk_kind == "e1_gateway" else ""
    accounts = "".join(
        f"""
[[accounts]]
username = "80{seat:02d}"
password = "{password_of(seat)}"
extension = "80{seat:02d}"
media_networks = {_quoted(phones)}
{placed(terms.seat_extra)}
"""
        for seat in range(1, terms.seats + 1)
    )
    agents = "".join(
        f"""
[[agents]]
id = "10{agent:02d}"
name = "坐席{agent}"
queues = ["hotline"]
{terms.agent_extra[agent - 1] if agent <= len(terms.agent_extra) else ""}
"""
        for agent in range(1, terms.seats + 1)
    )
    transports = "".join(
        f"""
[[sip.transports]]
protocol = "{protocol}"
address = "{network}.1"
port = 5060
{placed(terms.transport_extra)}
"""
        for protocol in ("udp", "tcp")
    )
    return f"""
[node]
name = "stand-{number}"
run_dir = "{folder}/run"
data_dir = "{folder}/data"
log_level = "info"
{placed(terms.node_extra)}

[sip]
realm = "hotline"
algorithms = {_quoted(terms.algorithms)}
options_interval_s = {terms.options_interval_s}
options_timeout_s = {terms.options_timeout_s}
inner_address = "127.77.{number}.1"
{placed(terms.sip_extra)}
{transports}
[[trunks]]
name = "city"
kind = "{terms.trunk_kind}"
addresses = ["{network}.2/32"]
media_networks = {_quoted(trunk)}
channels = {terms.channels}
{spans}{placed(terms.trunk_extra)}
{accounts}
[[queues]]
name = "hotline"
limit = {terms.queue_limit}
ring_time_s = {terms.ring_time_s}
wrap_up_s = {terms.wrap_up_s}
decline_delay_s = {terms.decline_delay_s}
position_every_s = {terms.position_every_s}
announce_agent = {str(terms.announce_agent).lower()}
{terms.queue_extra}

[[routes]]
number = "{HOTLINE}"
queue = "hotline"
greeting = "{terms.greeting}"
{agents}
[media]
port_min = 20000
port_max = 21999
{placed(terms.media_extra)}

[cells]
network = "127.78.{number}.0"
spare_legs = {terms.spare_legs}

[http]
address = "{network}.1"
port = 8080
{placed(terms.http_extra)}

[[http.tokens]]
name = "test"
sha256 = "{hashlib.sha256(TOKEN.encode()).hexdigest()}"
scopes = ["read", "agent", "supervisor", "admin"]
{placed(terms.extra)}
"""
