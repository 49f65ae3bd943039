"""Typed settings of the HTTP interface: the tables `http`, `http.tokens` and `http.webhooks` of the TOML file."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from ipaddress import ip_address
from urllib.parse import urlsplit

from softswitch.settings.terms import Fault, meta


def _is_loopback(host: str) -> bool:
    """True for an address that only this machine reaches; a name could lead anywhere."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenSettings:
    """A bearer token of the HTTP interface; only its SHA-256 stands here."""

    name: str = field(metadata=meta("令牌名 / whose token", example="phone-bar"))
    sha256: str = field(
        metadata=meta("令牌 SHA-256 / hash of the token", pattern=r"[0-9a-f]{64}", example="0" * 64)
    )
    scopes: tuple[str, ...] = field(
        default=("read",),
        metadata=meta("权限 / scopes: read, agent, supervisor, admin", pattern="read|agent|supervisor|admin"),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookSettings:
    """Who is told of events by HTTP, in the Standard Webhooks form."""

    name: str = field(metadata=meta("名称 / name", pattern=r"[A-Za-z0-9_.\-]{1,32}", example="work-orders"))
    url: str = field(
        metadata=meta(
            "地址,回环之外须 https / where to, https beyond loopback",
            pattern=r"https?://[!-~]{1,500}",
            example="https://orders.example.cn/hooks/hotline",
        )
    )
    secrets: tuple[str, ...] = field(
        metadata=meta(
            "签名密钥,换新时并列 / signing secrets, both while one is being replaced",
            secret=True,
            pattern=r"whsec_[A-Za-z0-9+/]{32,88}={0,2}",
            example=("whsec_" + "A" * 43 + "=",),
        )
    )
    kinds: tuple[str, ...] = field(
        default=(),
        metadata=meta(
            "事件种类,空为全部 / kinds of events, empty = all",
            pattern=r"[a-z_.]{1,64}",
            example=("call.ended",),
        ),
    )

    def faults(self) -> Iterator[Fault]:
        """Callers' numbers do not cross a network in the clear, and every message is signed."""
        if not self.secrets:
            yield "secrets", "至少一项 / at least one is needed"
        host = urlsplit(self.url).hostname or ""
        if self.url.startswith("http:") and not _is_loopback(host):
            yield "url", "回环之外须 https / has to be https beyond loopback"


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpSettings:
    """The HTTP and WebSocket interface."""

    address: str = field(default="127.0.0.1", metadata=meta("地址 / address", kind="address"))
    port: int = field(default=8080, metadata=meta("端口 / port", minimum=1, maximum=65535))
    tokens: tuple[TokenSettings, ...] = field(default=(), metadata=meta("令牌 / bearer tokens"))
    embedders: tuple[str, ...] = field(
        default=(),
        metadata=meta(
            "可嵌入坐席页、载入 phonebar.js 并互发消息的来源 / origins that may frame the pages, load phonebar.js "
            "and exchange messages with them",
            pattern=r"https?://[A-Za-z0-9.\-]+(:\d{1,5})?",
        ),
    )
    screen_pop: str = field(
        default="",
        metadata=meta(
            "来电弹屏网址,{caller} {called} {queue} {call_id} {agent} 与 {data.名称} 被替换,空则不弹 / page that a call opens; "
            "these places are filled in, empty = none",
            pattern=r"(https?://\S{1,500})?",
        ),
    )
    work_orders: str = field(
        default="",
        metadata=meta(
            "工单查询网址(GET,JSON),占位同 screen_pop,空则不查 / service that is asked for a caller's work orders (GET, JSON); "
            "places as in screen_pop, empty = none",
            pattern=r"(https?://\S{1,500})?",
        ),
    )
    work_orders_timeout_s: float = field(
        default=2.0, metadata=meta("工单查询时限 / time that it has", unit="s", minimum=0.1)
    )
    hosts: tuple[str, ...] = field(
        default=(),
        metadata=meta(
            "服务器的域名,IP 地址与 localhost 之外 / names of this server, beside IP addresses and localhost",
            pattern=r"[A-Za-z0-9.\-]{1,253}",
        ),
    )
    certificate: str = field(
        default="",
        metadata=meta(
            "HTTPS 证书链 PEM 文件,空 = 仅回环 HTTP / chain for HTTPS, empty = HTTP on loopback only"
        ),
    )
    private_key: str = field(default="", metadata=meta("其私钥 PEM 文件 / its private key"))
    session_idle_s: float = field(
        default=1800.0,
        metadata=meta("登录闲置时限 / a session ends when unused for so long", unit="s", minimum=60),
    )
    session_most_s: float = field(
        default=43200.0, metadata=meta("登录最长时限 / a session lives at most", unit="s", minimum=60)
    )
    request_rate: float = field(
        default=100.0,
        metadata=meta(
            "每一客户端(会话、令牌或地址)每秒请求数 / requests of one client (session, token or address)",
            unit="1/s",
            minimum=1,
        ),
    )
    request_burst: int = field(
        default=400, metadata=meta("其瞬间请求数 / how many of them at once", minimum=10, maximum=1_000_000)
    )
    supervision_shown: bool = field(
        default=False,
        metadata=meta("坐席可见监听与强制操作 / agents are shown supervision and forced actions"),
    )
    webhooks: tuple[WebhookSettings, ...] = field(
        default=(), metadata=meta("事件推送 / receivers of webhooks")
    )

    def faults(self) -> Iterator[Fault]:
        """Passwords and tokens never cross a network in the clear; a certificate has its key."""
        if bool(self.certificate) != bool(self.private_key):
            yield "certificate", "证书与私钥须同时给出 / certificate and private_key go together"
        names = [webhook.name for webhook in self.webhooks]
        for name in sorted({one for one in names if names.count(one) > 1}):
            yield "webhooks", f"{name!r} 重复 / stands here twice"
        if not self.certificate and not _is_loopback(self.address):
            yield (
                "address",
                f"{self.address}: 回环之外须有证书(HTTPS) / needs a certificate (HTTPS) beyond loopback",
            )
