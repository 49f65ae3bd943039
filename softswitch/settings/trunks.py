"""Trunks and E1 gateways, with the number rules of each."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum

from softswitch.settings.sip import TransportProtocol, shown_faults
from softswitch.settings.terms import Fault, meta


class TrunkKind(StrEnum):
    """How a trunk is built."""

    SIP = "sip"
    E1_GATEWAY = "e1_gateway"


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberSettings:
    """Number rules of one trunk: how numbers come in and how they go out."""

    inbound_prefixes_stripped: tuple[str, ...] = field(
        default=(), metadata=meta("来话号码先去掉的前缀 / prefixes removed first from inbound numbers")
    )
    outbound_format: str = field(
        default="national",
        metadata=meta("出局号码格式 / form of outbound numbers", pattern="national|e164|local"),
    )
    outbound_prefix: str = field(default="", metadata=meta("出局前缀 / prefix put before outbound numbers"))
    presented_number: str = field(
        default="", metadata=meta("外显号码 / number shown to the called, empty = the hotline's")
    )
    trust_asserted_identity: bool = field(
        default=True, metadata=meta("信任 P-Asserted-Identity / trust this trunk's asserted identity")
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class TrunkSettings:
    """A SIP trunk or an E1 gateway, recognised by its addresses."""

    name: str = field(metadata=meta("中继名 / trunk name", example="city"))
    kind: TrunkKind = field(default=TrunkKind.SIP, metadata=meta("中继类型 / how it is built"))
    addresses: tuple[str, ...] = field(
        metadata=meta(
            "来源地址 / source addresses or networks of the trunk", kind="network", example=("198.51.100.20",)
        )
    )
    media_networks: tuple[str, ...] = field(
        metadata=meta("媒体网段 / networks its media may use", kind="network", example=("198.51.100.0/24",))
    )
    host: str = field(default="", metadata=meta("出局目的地址 / address for outbound calls, empty = none"))
    port: int = field(default=5060, metadata=meta("端口 / port", minimum=1, maximum=65535))
    protocol: TransportProtocol = field(default=TransportProtocol.UDP, metadata=meta("传输协议 / protocol"))
    srtp: str = field(
        default="off",
        metadata=meta("SRTP,仅限 TLS / encrypted sound, with TLS only", pattern="off|optional|required"),
    )
    certificate_authority: str = field(
        default="",
        metadata=meta("TLS 对端证书的 CA 文件,空 = 系统 / CA that vouches for its TLS, empty = the system's"),
    )
    channels: int = field(
        default=30, metadata=meta("并发上限 / calls at once (SIP trunk)", minimum=1, maximum=2000)
    )
    spans: int = field(
        default=0,
        metadata=meta("E1 条数,每条30信道 / E1 spans of 30 channels (e1_gateway)", minimum=0, maximum=32),
    )
    channels_per_span: int = field(
        default=30,
        metadata=meta(
            "每条 E1 可用信道 / channels in service of each span (e1_gateway)", minimum=1, maximum=30
        ),
    )
    span_groups: tuple[str, ...] = field(
        default=(),
        metadata=meta(
            "各条 E1 的中继群名(RFC 4904 tgrp),依次;空:按序填满 / trunk group (RFC 4904 tgrp) of each span in order; "
            "empty: spans fill up one after the other (e1_gateway)",
            example=[],
        ),
    )
    register: bool = field(default=False, metadata=meta("向对端注册 / register there"))
    username: str = field(default="", metadata=meta("注册用户名 / digest user"))
    password: str = field(default="", metadata=meta("注册密码 / digest password", secret=True))
    realm: str = field(default="", metadata=meta("对端认证域 / its realm, empty = none is answered"))
    options_ping: bool = field(default=True, metadata=meta("OPTIONS 探测 / ping with OPTIONS"))
    advertised_address: str | None = field(
        default=None,
        metadata=meta(
            "此中继看到的 Via/Contact 地址 / address shown to this trunk, if not the transport's",
            kind="address",
            example="203.0.113.11",
        ),
    )
    media_address: str | None = field(
        default=None,
        metadata=meta(
            "此中继看到的 SDP 地址 / address in SDP for this trunk, if not the transport's",
            kind="address",
            example="203.0.113.11",
        ),
    )
    numbers: NumberSettings = field(default_factory=NumberSettings, metadata=meta("号码规则 / number rules"))

    @property
    def channel_limit(self) -> int:
        """Calls at once: those of all spans for an E1 gateway, `channels` otherwise."""
        return self.spans * self.channels_per_span if self.kind is TrunkKind.E1_GATEWAY else self.channels

    def faults(self) -> Iterator[Fault]:
        """An E1 gateway has spans; a trunk that registers has a host, a user and a password."""
        shown = {"advertised_address": self.advertised_address, "media_address": self.media_address}
        yield from shown_faults({name: address for name, address in shown.items() if address})
        if self.kind is TrunkKind.E1_GATEWAY and self.spans == 0:
            yield "spans", "e1_gateway 至少一条 E1 / an e1_gateway needs at least 1 span"
        if self.span_groups and (self.kind, len(set(self.span_groups))) != (TrunkKind.E1_GATEWAY, self.spans):
            yield "span_groups", "每条 E1 一个不同的名字 / one name for each span, all different (e1_gateway)"
        if self.register and not (self.host and self.username and self.password):
            yield "register", "注册需要地址、用户名、密码 / registration needs host, username and password"
