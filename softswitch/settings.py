"""Typed settings of the machine: one frozen dataclass a table of the TOML file.

`config.load` fills them and reports every mistake at once; the business (agents, queues, flows) only seeds an
empty database from here.  Field metadata: `doc` and `unit` go into `config/softswitch.example.toml`;
`minimum`, `maximum`, `pattern`, `kind`, `secret` are checked at load; `example` stands there for keys without a default.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from softswitch.distribution_settings import DistributionSettings, QueuePrioritySettings, SkillSettings
from softswitch.http_settings import HttpSettings
from softswitch.outbound_rules import OutboundSettings
from softswitch.overflow_settings import OverflowSettings, OverflowTo
from softswitch.route_settings import RouteSettings


def _meta(doc: str, **checks: Any) -> dict[str, Any]:
    return {"doc": doc, **checks}


Fault = tuple[str, str]
_STORED = "在数据库里,文件中留空 / lives in the database: leave it empty here"


class TrunkKind(StrEnum):
    """How a trunk is built."""

    SIP = "sip"
    E1_GATEWAY = "e1_gateway"


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


def _shown_faults(
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
class NodeSettings:
    """This server and its folders."""

    name: str = field(
        default="hotline",
        metadata=_meta("节点名 / node name, in logs and Via branches", pattern=r"[A-Za-z0-9.\-]{1,32}"),
    )
    run_dir: Path = field(
        default=Path("var/run"), metadata=_meta("套接字目录 / folder of the process sockets, made 0700")
    )
    data_dir: Path = field(default=Path("var/data"), metadata=_meta("数据目录 / database and recordings"))
    log_level: str = field(
        default="info", metadata=_meta("日志级别 / log level", pattern="debug|info|warning|error")
    )
    area_code: str = field(
        default="0510", metadata=_meta("本地区号 / own area code with leading 0", pattern=r"0\d{2,3}")
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class TransportSettings:
    """One listening SIP address and what is written into Via, Contact and SDP for it."""

    protocol: TransportProtocol = field(metadata=_meta("传输协议 / protocol", example="udp"))
    address: str = field(metadata=_meta("监听地址 / address to bind", kind="address", example="192.0.2.10"))
    port: int = field(default=5060, metadata=_meta("端口 / port", minimum=1, maximum=65535))
    advertised_address: str | None = field(
        default=None,
        metadata=_meta(
            "写入 Via/Contact 的地址 / address shown outside (NAT)", kind="address", example="203.0.113.10"
        ),
    )
    media_address: str | None = field(
        default=None,
        metadata=_meta(
            "写入 SDP 的地址,缺省同 advertised_address / address in SDP, as advertised_address if absent",
            kind="address",
            example="203.0.113.10",
        ),
    )
    media_bind_address: str | None = field(
        default=None,
        metadata=_meta(
            "RTP 监听地址,SDP 地址不在本机(NAT)时填 / own address for RTP when that in SDP is not ours (NAT)",
            kind="address",
            example="192.0.2.10",
        ),
    )
    certificate: str = field(
        default="",
        metadata=_meta("TLS 证书链 PEM 文件,更换后自动采用 / chain for TLS, taken up when it changes"),
    )
    private_key: str = field(default="", metadata=_meta("其私钥 PEM 文件 / its private key"))

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
        yield from _shown_faults(
            {key: address for key, address in named.items() if address},
            _version_of(self.address),
            may_be_any=("media_bind_address",),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class SipSettings:
    """The signalling edge."""

    transports: tuple[TransportSettings, ...] = field(metadata=_meta("监听 / listening transports"))
    realm: str = field(default="hotline", metadata=_meta("认证域 / digest realm", pattern=r"[^\"\\]{1,64}"))
    algorithms: tuple[str, ...] = field(
        default=("SHA-256", "MD5"),
        metadata=_meta("摘要算法,优先者在前 / digest algorithms, preferred first", pattern="SHA-256|MD5"),
    )
    nonce_life_s: float = field(
        default=60.0, metadata=_meta("随机数有效期 / life of a nonce", unit="s", minimum=1)
    )
    registration_min_s: int = field(
        default=60, metadata=_meta("最短注册期 / shortest registration (423 below)", unit="s", minimum=1)
    )
    registration_max_s: int = field(
        default=3600, metadata=_meta("最长注册期 / longest registration", unit="s", minimum=10)
    )
    options_interval_s: float = field(
        default=30.0, metadata=_meta("OPTIONS 探测间隔 / OPTIONS ping interval", unit="s", minimum=0.2)
    )
    options_timeout_s: float = field(
        default=4.0,
        metadata=_meta("探测超时 / a ping unanswered for so long counts as lost", unit="s", minimum=0.1),
    )
    t1_s: float = field(
        default=0.5, metadata=_meta("RFC 3261 T1 / round-trip estimate", unit="s", minimum=0.05, maximum=4)
    )
    inner_address: str = field(
        default="127.77.0.1", metadata=_meta("与信令单元通信的回环地址 / loopback address towards the cells")
    )
    inner_port: int = field(default=5060, metadata=_meta("其端口 / its port", minimum=1, maximum=65535))
    messages_per_source: int = field(
        default=16,
        metadata=_meta("陌生来源每2秒报文上限 / messages per 2 s from an unknown source", minimum=1),
    )
    messages_of_strangers: int = field(
        default=400, metadata=_meta("所有陌生来源合计 / the same from all of them together", minimum=1)
    )
    failures_before_ban: int = field(
        default=5,
        metadata=_meta(
            "每分钟允许的密码错误 / wrong passwords a minute before a source is banned", minimum=1
        ),
    )
    ban_s: float = field(
        default=300.0,
        metadata=_meta("首次封禁,0 不封 / first ban of a source, 0 = none", unit="s", minimum=0),
    )
    ban_longest_s: float = field(
        default=3600.0,
        metadata=_meta("最长封禁,逐次加倍 / longest ban, each twice the last", unit="s", minimum=0),
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


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberSettings:
    """Number rules of one trunk: how numbers come in and how they go out."""

    inbound_prefixes_stripped: tuple[str, ...] = field(
        default=(), metadata=_meta("来话号码先去掉的前缀 / prefixes removed first from inbound numbers")
    )
    outbound_format: str = field(
        default="national",
        metadata=_meta("出局号码格式 / form of outbound numbers", pattern="national|e164|local"),
    )
    outbound_prefix: str = field(default="", metadata=_meta("出局前缀 / prefix put before outbound numbers"))
    presented_number: str = field(
        default="", metadata=_meta("外显号码 / number shown to the called, empty = the hotline's")
    )
    trust_asserted_identity: bool = field(
        default=True, metadata=_meta("信任 P-Asserted-Identity / trust this trunk's asserted identity")
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class TrunkSettings:
    """A SIP trunk or an E1 gateway, recognised by its addresses."""

    name: str = field(metadata=_meta("中继名 / trunk name", example="city"))
    kind: TrunkKind = field(default=TrunkKind.SIP, metadata=_meta("中继类型 / how it is built"))
    addresses: tuple[str, ...] = field(
        metadata=_meta(
            "来源地址 / source addresses or networks of the trunk", kind="network", example=("198.51.100.20",)
        )
    )
    media_networks: tuple[str, ...] = field(
        metadata=_meta("媒体网段 / networks its media may use", kind="network", example=("198.51.100.0/24",))
    )
    host: str = field(default="", metadata=_meta("出局目的地址 / address for outbound calls, empty = none"))
    port: int = field(default=5060, metadata=_meta("端口 / port", minimum=1, maximum=65535))
    protocol: TransportProtocol = field(default=TransportProtocol.UDP, metadata=_meta("传输协议 / protocol"))
    srtp: str = field(
        default="off",
        metadata=_meta("SRTP,仅限 TLS / encrypted sound, with TLS only", pattern="off|optional|required"),
    )
    certificate_authority: str = field(
        default="",
        metadata=_meta(
            "TLS 对端证书的 CA 文件,空 = 系统 / CA that vouches for its TLS, empty = the system's"
        ),
    )
    channels: int = field(
        default=30, metadata=_meta("并发上限 / calls at once (SIP trunk)", minimum=1, maximum=2000)
    )
    spans: int = field(
        default=0,
        metadata=_meta("E1 条数,每条30信道 / E1 spans of 30 channels (e1_gateway)", minimum=0, maximum=32),
    )
    channels_per_span: int = field(
        default=30,
        metadata=_meta(
            "每条 E1 可用信道 / channels in service of each span (e1_gateway)", minimum=1, maximum=30
        ),
    )
    span_groups: tuple[str, ...] = field(
        default=(),
        metadata=_meta(
            "各条 E1 的中继群名(RFC 4904 tgrp),依次;空:按序填满 / trunk group (RFC 4904 tgrp) of each span in order; "
            "empty: spans fill up one after the other (e1_gateway)",
            example=[],
        ),
    )
    register: bool = field(default=False, metadata=_meta("向对端注册 / register there"))
    username: str = field(default="", metadata=_meta("注册用户名 / digest user"))
    password: str = field(default="", metadata=_meta("注册密码 / digest password", secret=True))
    realm: str = field(default="", metadata=_meta("对端认证域 / its realm, empty = none is answered"))
    options_ping: bool = field(default=True, metadata=_meta("OPTIONS 探测 / ping with OPTIONS"))
    advertised_address: str | None = field(
        default=None,
        metadata=_meta(
            "此中继看到的 Via/Contact 地址 / address shown to this trunk, if not the transport's",
            kind="address",
            example="203.0.113.11",
        ),
    )
    media_address: str | None = field(
        default=None,
        metadata=_meta(
            "此中继看到的 SDP 地址 / address in SDP for this trunk, if not the transport's",
            kind="address",
            example="203.0.113.11",
        ),
    )
    numbers: NumberSettings = field(default_factory=NumberSettings, metadata=_meta("号码规则 / number rules"))

    @property
    def channel_limit(self) -> int:
        """Calls at once: those of all spans for an E1 gateway, `channels` otherwise."""
        return self.spans * self.channels_per_span if self.kind is TrunkKind.E1_GATEWAY else self.channels

    def faults(self) -> Iterator[Fault]:
        """An E1 gateway has spans; a trunk that registers has a host, a user and a password."""
        shown = {"advertised_address": self.advertised_address, "media_address": self.media_address}
        yield from _shown_faults({name: address for name, address in shown.items() if address})
        if self.kind is TrunkKind.E1_GATEWAY and self.spans == 0:
            yield "spans", "e1_gateway 至少一条 E1 / an e1_gateway needs at least 1 span"
        if self.span_groups and (self.kind, len(set(self.span_groups))) != (TrunkKind.E1_GATEWAY, self.spans):
            yield "span_groups", "每条 E1 一个不同的名字 / one name for each span, all different (e1_gateway)"
        if self.register and not (self.host and self.username and self.password):
            yield "register", "注册需要地址、用户名、密码 / registration needs host, username and password"


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountSettings:
    """A SIP account: what a desk phone registers with.  One account rings one seat (extension)."""

    username: str = field(
        metadata=_meta("账号 / user of the SIP account", pattern=r"[A-Za-z0-9_.\-]{1,32}", example="8001")
    )
    password: str = field(metadata=_meta("密码 / password", secret=True, pattern=r".+", example="change-me"))
    extension: str = field(metadata=_meta("座席分机 / seat's extension", pattern=r"\d{2,6}", example="8001"))
    media_networks: tuple[str, ...] = field(
        metadata=_meta("话机媒体网段 / networks its media may use", kind="network", example=("192.0.2.0/24",))
    )
    srtp: str = field(
        default="off",
        metadata=_meta("SRTP,仅限 TLS / encrypted sound, with TLS only", pattern="off|optional|required"),
    )
    nat: bool = field(default=False, metadata=_meta("话机在 NAT 后 / the phone is behind NAT"))
    answers_by: str = field(
        default="key",
        metadata=_meta(
            "应答方式:按键,或坐席条(话机支持 NOTIFY talk)/ answered by its own key, or by the bar too (NOTIFY talk)",
            pattern="key|talk",
        ),
    )
    outbound: tuple[str, ...] = field(
        default=(),
        metadata=_meta("可用的外呼规则,空为不可外呼 / outbound rules of the seat, none = no calls outside"),
    )
    max_contacts: int = field(
        default=1, metadata=_meta("最多注册地址数 / contacts at once", minimum=1, maximum=10)
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueSettings:
    """A queue of callers (seed)."""

    name: str = field(metadata=_meta("队列名 / queue name", example="hotline"))
    limit: int = field(default=256, metadata=_meta("最多排队数 / callers at most", minimum=1, maximum=100000))
    ring_time_s: float = field(
        default=15.0, metadata=_meta("振铃时限 / ring time of an offer", unit="s", minimum=0.5)
    )
    wrap_up_s: float = field(default=10.0, metadata=_meta("话后处理 / wrap-up", unit="s", minimum=0))
    decline_delay_s: float = field(
        default=2.0, metadata=_meta("拒接后等待 / delay after a declined offer", unit="s", minimum=0)
    )
    position_every_s: float = field(
        default=30.0,
        metadata=_meta("报位间隔,0 不报 / interval of position announcements, 0 = none", unit="s", minimum=0),
    )
    music: str = field(default="waiting", metadata=_meta("等待音乐 / music track"))
    hours: str = field(
        default="",
        metadata=_meta("工作时间(数据库中),空为全天 / opening hours in the database, empty = always"),
    )
    announce_agent: bool = field(default=True, metadata=_meta("播报工号 / announce the agent's number"))
    overflow: tuple[OverflowSettings, ...] = field(
        default=(), metadata=_meta("排队溢出,依次判断 / overflow rules, looked at in order")
    )
    distribution: DistributionSettings = field(
        default_factory=DistributionSettings, metadata=_meta("分配 / who goes to whom, and who first")
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentSettings:
    """An agent (工号), not tied to any seat (seed)."""

    id: str = field(metadata=_meta("工号 / agent number", pattern=r"[A-Za-z0-9]{1,16}", example="1001"))
    name: str = field(default="", metadata=_meta("姓名 / name"))
    queues: tuple[str, ...] = field(metadata=_meta("服务队列 / queues served", example=("hotline",)))
    skills: tuple[SkillSettings, ...] = field(default=(), metadata=_meta("技能 / skills"))
    priorities: tuple[QueuePrioritySettings, ...] = field(
        default=(), metadata=_meta("各队列优先级,代替队列自己的 / priorities in place of the queues' own")
    )
    rank: int = field(default=0, metadata=_meta("固定顺序中的位置 / place in a fixed order (linear)"))
    selection: str = field(
        default="", metadata=_meta("选呼策略(数据库中) / order of callers, of the database")
    )
    shares: str = field(default="", metadata=_meta("地区份额(数据库中) / region shares, of the database"))
    role: str = field(
        default="agent",
        metadata=_meta("角色 / role: agent, supervisor, admin", pattern="agent|supervisor|admin"),
    )
    groups: tuple[str, ...] = field(
        default=(),
        metadata=_meta("班组,班长管理同组坐席 / groups; supervisors see and touch the agents of theirs"),
    )
    password_scrypt: str = field(
        default="",
        metadata=_meta(
            "登录密码的 scrypt 值(softswitch password 生成),空则不可用密码登录 / hash of the password as "
            "`softswitch password` prints it, empty = no sign-in by password",
            secret=True,
            pattern=r"(scrypt\$\d{1,7}\$\d{1,2}\$\d{1,2}\$[A-Za-z0-9_\-]{16,}\$[A-Za-z0-9_\-]{32,})?",
        ),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaSettings:
    """The media plane."""

    port_min: int = field(default=20000, metadata=_meta("RTP 起始端口 / first RTP port (even)", minimum=1024))
    port_max: int = field(default=24999, metadata=_meta("RTP 末端口 / last RTP port", maximum=65535))
    max_legs: int = field(default=700, metadata=_meta("每平面最多腿数 / legs of one plane", minimum=2))
    prompt_dirs: tuple[Path, ...] = field(
        default=(Path("config/prompts/zh"),),
        metadata=_meta("提示音目录,后者覆盖前者 / prompt folders, later ones override"),
    )
    music_dir: Path = field(default=Path("config/music"), metadata=_meta("音乐目录 / music folder"))
    silence_alarm_s: float = field(
        default=30.0, metadata=_meta("无 RTP 告警 / RTP silence before an event", unit="s", minimum=1)
    )
    rtp_timeout_s: float = field(
        default=60.0,
        metadata=_meta("无 RTP 挂断,0 不挂 / a leg that sends nothing ends, 0 = never", unit="s", minimum=0),
    )
    hold_timeout_s: float = field(
        default=600.0,
        metadata=_meta(
            "保持或静默时无 RTP/RTCP 挂断,0 不挂 / the same while held or in comfort noise",
            unit="s",
            minimum=0,
        ),
    )
    jitter_min_ms: int = field(
        default=20, metadata=_meta("抖动缓冲下限 / smallest jitter delay", unit="ms", minimum=0, maximum=2000)
    )
    jitter_max_ms: int = field(
        default=120, metadata=_meta("抖动缓冲上限 / largest jitter delay", unit="ms", minimum=0, maximum=2000)
    )

    def faults(self) -> Iterator[Fault]:
        """The RTP range begins even and holds the legs."""
        if self.port_min % 2:
            yield "port_min", "必须为偶数 / must be even (RFC 3550 section 11)"
        if self.port_max - self.port_min + 1 < 4:
            yield "port_max", "端口不足两对 / the range holds fewer than two port pairs"
        if self.jitter_max_ms < self.jitter_min_ms:
            yield "jitter_max_ms", "小于 / is smaller than jitter_min_ms"


@dataclass(frozen=True, slots=True, kw_only=True)
class CellSettings:
    """Signalling cells."""

    network: str = field(default="127.77.1.0", metadata=_meta("单元地址起点 / first cell network (loopback)"))
    legs_per_cell: int = field(
        default=4, metadata=_meta("每单元腿数 / legs per cell", minimum=1, maximum=256)
    )
    spare_legs: int = field(default=24, metadata=_meta("备用腿数 / legs kept free", minimum=4))
    max_cells: int = field(default=160, metadata=_meta("单元上限 / cells at most", minimum=1, maximum=1000))
    calls_before_retire: int = field(
        default=2000, metadata=_meta("换新前腿数 / legs served before a cell is replaced", minimum=10)
    )
    memory_mb_before_retire: int = field(
        default=64,
        metadata=_meta("换新前内存 / private memory before a cell is replaced", unit="MB", minimum=16),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingSettings:
    """Recording of every call."""

    sync_interval_s: float = field(
        default=5.0, metadata=_meta("落盘间隔 / header update and sync", unit="s", minimum=0.5, maximum=5)
    )
    keep_free_mb: int = field(
        default=500, metadata=_meta("磁盘保留 / alarm below so much free disk", unit="MB", minimum=0)
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowSettings:
    """What call flows may reach outside."""

    lookup_hosts: tuple[str, ...] = field(
        default=(),
        metadata=_meta(
            "流程可查询的主机,可带端口 / hosts that flows may look up at, with or without port",
            pattern=r"[A-Za-z0-9.\-]{1,253}(:\d{1,5})?",
        ),
    )
    lookup_private: bool = field(
        default=False, metadata=_meta("允许内网地址 / private addresses may be looked up at")
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The whole file."""

    node: NodeSettings = field(default_factory=NodeSettings, metadata=_meta("节点 / node"))
    sip: SipSettings = field(metadata=_meta("信令边缘 / signalling edge"))
    trunks: tuple[TrunkSettings, ...] = field(default=(), metadata=_meta("中继 / trunks"))
    accounts: tuple[AccountSettings, ...] = field(default=(), metadata=_meta("话机账号 / SIP accounts"))
    outbound: tuple[OutboundSettings, ...] = field(default=(), metadata=_meta("外呼规则 / outbound rules"))
    queues: tuple[QueueSettings, ...] = field(default=(), metadata=_meta("队列(初始) / queues (seed)"))
    routes: tuple[RouteSettings, ...] = field(default=(), metadata=_meta("路由(初始) / routes (seed)"))
    agents: tuple[AgentSettings, ...] = field(default=(), metadata=_meta("坐席(初始) / agents (seed)"))
    media: MediaSettings = field(default_factory=MediaSettings, metadata=_meta("媒体平面 / media plane"))
    cells: CellSettings = field(default_factory=CellSettings, metadata=_meta("信令单元 / signalling cells"))
    http: HttpSettings = field(default_factory=HttpSettings, metadata=_meta("HTTP 接口 / HTTP interface"))
    recording: RecordingSettings = field(
        default_factory=RecordingSettings, metadata=_meta("录音 / recording")
    )
    flows: FlowSettings = field(default_factory=FlowSettings, metadata=_meta("呼叫流程 / call flows"))

    def faults(self) -> Iterator[Fault]:
        """Names are unique and every reference has a target."""
        for table, names in (
            ("trunks", [t.name for t in self.trunks]),
            ("accounts", [a.username for a in self.accounts]),
            ("outbound", [r.name for r in self.outbound]),
            ("queues", [q.name for q in self.queues]),
            ("agents", [a.id for a in self.agents]),
        ):
            for name in sorted({n for n in names if names.count(n) > 1}):
                yield table, f"{name!r} 重复 / stands here twice"
        extensions = [a.extension for a in self.accounts]
        for extension in sorted({e for e in extensions if extensions.count(e) > 1}):
            yield (
                "accounts",
                f"分机 {extension} 有两个账号 / extension {extension} belongs to two accounts; a seat has one",
            )
        targets = [(r.number, r.trunk) for r in self.routes]
        for number, trunk in sorted({t for t in targets if targets.count(t) > 1}):
            yield f"routes.{number}", f"重复 / stands here twice for {trunk or 'any trunk'}"
        for each in self.queues:
            if each.hours or any(rule.to is OverflowTo.FLOW for rule in each.overflow):
                yield (
                    f"queues.{each.name}",
                    "工作时间与流程在数据库里,文件中留空 / hours and flows live in the database: not in this file",
                )
            ways = each.distribution
            if ways.routing or any(rule.listed for rule in ways.level_rules):
                yield f"queues.{each.name}.distribution", _STORED
        queues, trunks = {q.name for q in self.queues}, {t.name for t in self.trunks}
        for route in self.routes:
            if route.queue not in queues:
                yield f"routes.{route.number}.queue", f"无此队列 / no queue is named {route.queue!r}"
            if route.trunk and route.trunk not in trunks:
                yield f"routes.{route.number}.trunk", f"无此中继 / no trunk is named {route.trunk!r}"
            for name, value in (("flow", route.flow), ("region", route.region)):
                if value:
                    yield f"routes.{route.number}.{name}", _STORED
            for row in route.table:
                if row.queue and row.queue not in queues:
                    yield f"routes.{route.number}.table", f"无此队列 / no queue is named {row.queue!r}"
                if row.agent and row.agent not in {a.id for a in self.agents}:
                    yield f"routes.{route.number}.table", f"无此坐席 / no agent is named {row.agent!r}"
            if any(row.listed for row in route.callers):
                yield f"routes.{route.number}.callers", _STORED
        rules = {rule.name for rule in self.outbound}
        for rule in self.outbound:
            if rule.trunk not in trunks:
                yield f"outbound.{rule.name}.trunk", f"无此中继 / no trunk is named {rule.trunk!r}"
        for account in self.accounts:
            for name in account.outbound:
                if name not in rules:
                    yield f"accounts.{account.username}.outbound", f"无此规则 / no rule is named {name!r}"
        for agent in self.agents:
            if agent.selection or agent.shares:
                yield f"agents.{agent.id}", f"selection, shares: {_STORED}"
            for queue in agent.queues:
                if queue not in queues:
                    yield f"agents.{agent.id}.queues", f"无此队列 / no queue is named {queue!r}"
