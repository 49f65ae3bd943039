"""The daily self-check: when a test call is made (a table of the TOML file)."""

from dataclasses import dataclass, field

from softswitch.settings.terms import meta


@dataclass(frozen=True, slots=True, kw_only=True)
class SelfCheckSettings:
    """A test call of the system to itself, once a day, and a report of one page."""

    at: str = field(
        default="",
        metadata=meta(
            "每日自检时刻,空为不自检 / time of day of the check, empty = none",
            pattern=r"([01]\d|2[0-3]):[0-5]\d|",
        ),
    )
    kept: int = field(
        default=400, metadata=meta("保留报告份数 / reports that are kept", minimum=1, maximum=10_000)
    )
