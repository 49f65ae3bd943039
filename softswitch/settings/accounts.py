"""SIP accounts: what desk phones register with."""

from dataclasses import dataclass, field

from softswitch.settings.terms import meta


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountSettings:
    """A SIP account: what a desk phone registers with.  One account rings one seat (extension)."""

    username: str = field(
        metadata=meta(
            "账号 / user of the SIP account",
            pattern=r"[A-Za-z0-9_.\-]{1,32}",
            form=" 1–32 个字母、数字、_ . 或 - / 1 to 32 letters, digits, _ . or -",
            example="8001",
        )
    )
    password: str = field(metadata=meta("密码 / password", secret=True, pattern=r".+", example="change-me"))
    extension: str = field(
        metadata=meta(
            "座席分机 / seat's extension",
            pattern=r"\d{2,6}",
            form=" 2–6 位数字 / 2 to 6 digits",
            example="8001",
        )
    )
    media_networks: tuple[str, ...] = field(
        metadata=meta("话机媒体网段 / networks its media may use", kind="network", example=("192.0.2.0/24",))
    )
    srtp: str = field(
        default="off",
        metadata=meta("SRTP,仅限 TLS / encrypted sound, with TLS only", pattern="off|optional|required"),
    )
    nat: bool = field(default=False, metadata=meta("话机在 NAT 后 / the phone is behind NAT"))
    answers_by: str = field(
        default="key",
        metadata=meta(
            "应答方式:key 按键;talk、headers 可由坐席条接听(NOTIFY talk,或带自动应答头重振);auto 话机自动应答;line 话机长通,来话有提示音,"
            "由坐席条接听,line_auto 提示音后自动接入 / answered by its key; by the bar too (NOTIFY talk, or rung anew with "
            "auto-answer headers); auto: by itself, at once; line: stays off the hook, calls come with a tone and are "
            "answered by the bar, line_auto: joined after the tone",
            pattern="key|talk|headers|auto|line|line_auto",
        ),
    )
    outbound: tuple[str, ...] = field(
        default=(),
        metadata=meta("可用的外呼规则,空为不可外呼 / outbound rules of the seat, none = no calls outside"),
    )
    max_contacts: int = field(
        default=1, metadata=meta("最多注册地址数 / contacts at once", minimum=1, maximum=10)
    )
    back_within_s: float = field(
        default=300.0,
        metadata=meta(
            "话机掉线后此时长内恢复,因此示忙的坐席自动示闲(期间有人另行设定则不变),0 不自动 / an agent who is not ready for a "
            "lost phone alone is ready again when it answers within it, unless somebody said otherwise meanwhile; 0 = never",
            unit="s",
            minimum=0,
        ),
    )
