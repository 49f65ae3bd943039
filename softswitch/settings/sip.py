"""The signalling edge: where it listens, what it shows, whom it slows down."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from ipaddress import ip_address

from softswitch.settings.terms import Fault, meta


class TransportProtocol(StrEnum):
    """SIP transports of the edge."""

    UDP = "udp"
    TCP = "tcp"
    TLS = "tls"


def _version_of(text: str) -> int | None:
    """The IP version of an address, None for what is no address (which is named elsewhere)."""
    try:
        return ip_address(text).version
    except ValueError:
        return None


def shown_faults(
    addresses: dict[str, str], version: int | None = None, may_be_any: tuple[str, ...] = ()
) -> Iterator[Fault]:
    """Addresses, by key, that nobody could send to, or that are not of the IP version that is bound."""
    for key, text in addresses.items():
        if _version_of(text) is None:
            continue
        address = ip_address(text)
        if address.is_multicast or address.is_unspecified and key not in may_be_any:
            yield key, f"{text}: 应为一台主机的地址 / needs the address of one host"
        elif version is not None and address.version != version:
            yield key, f"{text}: 与监听地址的 IP 版本不同 / is not of the IP version of the bound address"


@dataclass(frozen=True, slots=True, kw_only=True)
class TransportSettings:
    """One listening SIP address and what is written into Via, Contact and SDP for it."""

    protocol: TransportProtocol = field(metadata=meta("传输协议 / protocol", example="udp"))
    address: str = field(metadata=meta("监听地址 / address to bind", kind="address", example="192.0.2.10"))
    port: int = field(default=5060, metadata=meta("端口 / port", minimum=1, maximum=65535))
    advertised_address: str | None = field(
        default=None,
        metadata=meta(
            "写入 Via/Contact 的地址 / address shown outside (NAT)", kind="address", example="203.0.113.10"
        ),
    )
    media_address: str | None = field(
        default=None,
        metadata=meta(
            "写入 SDP 的地址,缺省同 advertised_address / address in SDP, as advertised_address if absent",
            kind="address",
            example="203.0.113.10",
        ),
    )
    media_bind_address: str | None = field(
        default=None,
        metadata=meta(
            "RTP 监听地址,SDP 地址不在本机(NAT)时填 / own address for RTP when that in SDP is not ours (NAT)",
            kind="address",
            example="192.0.2.10",
        ),
    )
    certificate: str = field(
        default="",
        metadata=meta("TLS 证书链 PEM 文件,更换后自动采用 / chain for TLS, taken up when it changes"),
    )
    private_key: str = field(default="", metadata=meta("其私钥 PEM 文件 / its private key"))

    @property
    def signalling_shown(self) -> str:
        """What Via and Contact show."""
        return self.advertised_address or self.address

    @property
    def media_shown(self) -> str:
        """What SDP shows."""
        return self.media_address or self.advertised_address or self.media_bind_address or self.address

    @property
    def media_bound(self) -> str:
        """Where the media plane listens."""
        return self.media_bind_address or self.media_address or self.address

    def faults(self) -> Iterator[Fault]:
        """What others are shown can be reached, of the family that is bound; TLS, and it alone, has a certificate."""
        if (self.protocol is TransportProtocol.TLS) != bool(self.certificate and self.private_key):
            yield "certificate", "TLS 需证书与私钥,其他协议不用 / TLS needs it and its key, nothing else does"
        named = {
            "advertised_address": self.signalling_shown,  # given, or that which is bound
            "media_address": self.media_address,
            "media_bind_address": self.media_bind_address,
        }
        yield from shown_faults(
            {key: address for key, address in named.items() if address},
            _version_of(self.address),
            may_be_any=("media_bind_address",),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class SipSettings:
    """The signalling edge."""

    transports: tuple[TransportSettings, ...] = field(metadata=meta("监听 / listening transports"))
    realm: str = field(default="hotline", metadata=meta("认证域 / digest realm", pattern=r"[^\"\\]{1,64}"))
    algorithms: tuple[str, ...] = field(
        default=("SHA-256", "MD5"),
        metadata=meta("摘要算法,优先者在前 / digest algorithms, preferred first", pattern="SHA-256|MD5"),
    )
    nonce_life_s: float = field(
        default=60.0, metadata=meta("随机数有效期 / life of a nonce", unit="s", minimum=1)
    )
    registration_min_s: int = field(
        default=60, metadata=meta("最短注册期 / shortest registration (423 below)", unit="s", minimum=1)
    )
    registration_max_s: int = field(
        default=3600, metadata=meta("最长注册期 / longest registration", unit="s", minimum=10)
    )
    registration_stream_max_s: int = field(
        default=120,
        metadata=meta(
            "经 TCP、TLS 的最长注册期:控制进程重启后,话机再注册才可呼叫 / longest by TCP or TLS: after a restart of control such "
            "a phone can be rung once it registers again",
            unit="s",
            minimum=10,
        ),
    )
    options_interval_s: float = field(
        default=30.0, metadata=meta("OPTIONS 探测间隔 / OPTIONS ping interval", unit="s", minimum=0.2)
    )
    options_timeout_s: float = field(
        default=4.0,
        metadata=meta("探测超时 / a ping unanswered for so long counts as lost", unit="s", minimum=0.1),
    )
    options_misses: int = field(
        default=2,
        metadata=meta(
            "连续丢失多少次探测才算断线;丢失一次后立即再探 / so many pings lost in a row make a phone or trunk lost; after one "
            "that is lost the next goes out at once",
            minimum=1,
            maximum=10,
        ),
    )
    names_again_s: float = field(
        default=60.0,
        metadata=meta(
            "中继域名多久再查一次 / how often the names of trunks are asked again", unit="s", minimum=0.2
        ),
    )
    trunk_patience_s: float = field(
        default=3.0,
        metadata=meta(
            "中继对呼叫无任何应答,过此时改走下一条中继 / a trunk that says nothing at all to a call is passed over "
            "after so long, if another one takes the number",
            unit="s",
            minimum=0.5,
            maximum=32,
        ),
    )
    t1_s: float = field(
        default=0.5, metadata=meta("RFC 3261 T1 / round-trip estimate", unit="s", minimum=0.05, maximum=4)
    )
    inner_address: str = field(
        default="127.77.0.1", metadata=meta("与信令单元通信的回环地址 / loopback address towards the cells")
    )
    inner_port: int = field(default=5060, metadata=meta("其端口 / its port", minimum=1, maximum=65535))
    messages_per_source: int = field(
        default=16,
        metadata=meta("陌生来源每2秒报文上限 / messages per 2 s from an unknown source", minimum=1),
    )
    messages_of_strangers: int = field(
        default=400, metadata=meta("所有陌生来源合计 / the same from all of them together", minimum=1)
    )
    failures_before_ban: int = field(
        default=5,
        metadata=meta("每分钟允许的密码错误 / wrong passwords a minute before a source is banned", minimum=1),
    )
    ban_s: float = field(
        default=300.0,
        metadata=meta("首次封禁,0 不封 / first ban of a source, 0 = none", unit="s", minimum=0),
    )
    ban_longest_s: float = field(
        default=3600.0,
        metadata=meta("最长封禁,逐次加倍 / longest ban, each twice the last", unit="s", minimum=0),
    )

    def faults(self) -> Iterator[Fault]:
        """Something listens, nothing listens twice, and the registration times leave room."""
        if not self.transports:
            yield "transports", "至少一项 / at least one is needed"
        places = [(t.protocol, t.address, t.port) for t in self.transports]
        for protocol, address, port in sorted({p for p in places if places.count(p) > 1}):
            yield "transports", f"{protocol} {address}:{port} 重复 / stands here twice"
        if not self.algorithms:
            yield "algorithms", "至少一项 / at least one is needed"
        if self.registration_max_s < self.registration_min_s:
            yield "registration_max_s", "小于 / is smaller than registration_min_s"
        if self.registration_stream_max_s < self.registration_min_s:
            yield "registration_stream_max_s", "小于 / is smaller than registration_min_s"
