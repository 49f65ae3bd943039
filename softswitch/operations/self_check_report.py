"""The report of a self-check: one page, as text and as HTML, kept as JSON."""

import html
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Final

FOLDER: Final = "self_checks"
"""Where reports are kept, in the data folder."""

STEP_NAMES: Final[Mapping[str, str]] = {
    "trunk": "中继:拨出并拨入 / trunk: out and in again",
    "queue": "进入队列 / in the queue",
    "answer": "应答 / answered",
    "sound": "放音 / tone played",
    "end": "挂机 / hung up",
    "recording": "录音关闭 / recording closed",
    "tone": "录音中的测试音 / tone in the recording",
    "room": "容量 / room for it",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step of the test call: whether it was well, how long it took (milliseconds), and what there is to say."""

    name: str
    is_well: bool
    took_ms: int
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """Something that was looked at beside the call; one that is not well makes no check fail, an alarm is for that."""

    name: str
    value: str
    is_well: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class SelfCheckReport:
    """One check: `started_at` in wall seconds."""

    node: str
    started_at: float
    steps: tuple[Step, ...]
    facts: tuple[Fact, ...]

    @property
    def check_id(self) -> str:
        """How it is named in paths and files: `2026-11-28-051000`, in local time."""
        return datetime.fromtimestamp(self.started_at).astimezone().strftime("%Y-%m-%d-%H%M%S")

    @property
    def is_well(self) -> bool:
        """Whether every step of the test call was."""
        return bool(self.steps) and all(step.is_well for step in self.steps)

    @property
    def fault(self) -> str:
        """The step that failed and why; empty when none did."""
        return next((f"{step.name}: {step.detail}" for step in self.steps if not step.is_well), "")

    def to_record(self) -> dict[str, Any]:
        """In JSON types."""
        return asdict(self)

    @classmethod
    def restored(cls, record: Mapping[str, Any]) -> "SelfCheckReport":
        """From `to_record`; raises `KeyError` or `TypeError` for what is none."""
        return cls(
            node=record["node"],
            started_at=record["started_at"],
            steps=tuple(Step(**step) for step in record["steps"]),
            facts=tuple(Fact(**fact) for fact in record["facts"]),
        )


def _verdict(report: SelfCheckReport) -> str:
    return "正常 / well" if report.is_well else "未通过 / failed"


def _began(report: SelfCheckReport) -> str:
    return datetime.fromtimestamp(report.started_at).astimezone().isoformat(sep=" ", timespec="seconds")


def as_text(report: SelfCheckReport) -> str:
    """The page as plain text."""
    lines = [
        f"每日自检 / self-check  {report.node}  {_began(report)}",
        f"结果 / result: {_verdict(report)}",
        "",
        "测试呼叫 / test call",
    ]
    for step in report.steps:
        mark = "  " if step.is_well else "X "
        lines.append(
            f"{mark}{STEP_NAMES.get(step.name, step.name)}: {step.took_ms} ms  {step.detail}".rstrip()
        )
    lines += ["", "系统 / system"]
    lines += [f"{'  ' if fact.is_well else '! '}{fact.name}: {fact.value}" for fact in report.facts]
    return "\n".join(lines) + "\n"


def as_html(report: SelfCheckReport) -> str:
    """The page as HTML, without scripts or styles from elsewhere."""

    def rows(cells: list[tuple[bool, str, str, str]]) -> str:
        return "".join(
            f"<tr><td>{'✓' if is_well else '✗'}<td>{html.escape(name)}<td>{html.escape(first)}<td>{html.escape(second)}"
            for is_well, name, first, second in cells
        )

    steps = [
        (step.is_well, STEP_NAMES.get(step.name, step.name), f"{step.took_ms} ms", step.detail)
        for step in report.steps
    ]
    facts = [(fact.is_well, fact.name, fact.value, "") for fact in report.facts]
    return (
        '<!doctype html><html lang="zh-CN"><meta charset="utf-8">'
        f"<title>自检 / self-check {report.check_id}</title>"
        f"<h1>每日自检 / self-check: {_verdict(report)}</h1>"
        f"<p>{html.escape(report.node)} · {html.escape(_began(report))}"
        f"<h2>测试呼叫 / test call</h2><table>{rows(steps)}</table>"
        f"<h2>系统 / system</h2><table>{rows(facts)}</table></html>\n"
    )
