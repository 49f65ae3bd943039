"""The opening hours of a service: a week, what holds on holidays, and single dates that are different.

Documents of the business database; `Binding` makes them from JSON and names each key that is wrong.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

from softswitch.settings.terms import DATE, ID

MINUTES_OF_DAY: Final = 1440
WEEKDAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
SPAN: Final = r"([01]\d|2[0-3]):[0-5]\d-(([01]\d|2[0-3]):[0-5]\d|24:00)"
SPAN_FORM: Final = "时段,如 08:30-12:00,24:00 为午夜 / a span such as 08:30-12:00; 24:00 is midnight"
ISO_DATE: Final = r"\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])"

Span = tuple[int, int]
"""Minutes since midnight, from and to; the end is outside."""

Fault = tuple[str, str]


def _spans(doc: str, default: tuple[str, ...] = ()) -> Any:
    return field(default=default, metadata={"doc": doc, "pattern": SPAN, "form": SPAN_FORM})


def minutes(text: str) -> Span:
    """A span `HH:MM-HH:MM` that has the right form."""
    start, end = ((int(part[:2]) * 60 + int(part[3:])) for part in text.split("-"))
    return start, end


def span_faults(place: str, spans: tuple[str, ...]) -> Iterator[Fault]:
    """Spans that end before they begin, or that overlap."""
    last = -1
    for text in sorted(spans):
        if not re.fullmatch(SPAN, text):
            return  # named already by its form
        start, end = minutes(text)
        if end <= start:
            yield (
                place,
                f"{text} 结束早于开始,跨零点请分两段 / ends before it begins; split at midnight in two",
            )
        elif start < last:
            yield place, f"{text} 与另一段重叠 / overlaps another span"
        last = max(last, end)


def date_fault(place: str, text: str) -> Iterator[Fault]:
    """A date that has the form of one and is none."""
    if re.fullmatch(ISO_DATE, text):
        try:
            date.fromisoformat(text)
        except ValueError:
            yield place, f"没有这一天 / there is no day {text}"


@dataclass(frozen=True, slots=True, kw_only=True)
class DifferentDay:
    """A date on which the service is open at other times; no spans: closed."""

    date: str = field(metadata={"doc": "日期 / date", "pattern": ISO_DATE, "form": DATE["form"]})
    open: tuple[str, ...] = _spans("当日时段 / spans of this day, none = closed")
    note: str = field(default="", metadata={"doc": "说明 / note"})

    def faults(self) -> Iterator[Fault]:
        """The date exists, the spans do not overlap."""
        yield from date_fault("date", self.date)
        yield from span_faults("open", self.open)


@dataclass(frozen=True, slots=True, kw_only=True)
class Hours:
    """Weekly opening hours (工作时间).  Spans are `HH:MM-HH:MM` in China's time; `24:00` is the end of a day.

    An exception goes before everything; then a holiday, when holidays are observed; then a make-up workday, which has
    the hours of the weekday `make_up_as`; then the weekday.
    """

    id: str = field(metadata={"doc": "编号 / id", **ID})
    name: str = field(default="", metadata={"doc": "名称 / name"})
    monday: tuple[str, ...] = _spans("周一 / Monday")
    tuesday: tuple[str, ...] = _spans("周二 / Tuesday")
    wednesday: tuple[str, ...] = _spans("周三 / Wednesday")
    thursday: tuple[str, ...] = _spans("周四 / Thursday")
    friday: tuple[str, ...] = _spans("周五 / Friday")
    saturday: tuple[str, ...] = _spans("周六 / Saturday")
    sunday: tuple[str, ...] = _spans("周日 / Sunday")
    observes_holidays: bool = field(default=True, metadata={"doc": "随法定节假日 / holidays count"})
    holiday: tuple[str, ...] = _spans("节假日时段 / spans on holidays, none = closed")
    make_up_as: str = field(
        default="monday",
        metadata={"doc": "调休上班日按此日 / make-up workdays are like", "pattern": "|".join(WEEKDAYS)},
    )
    exceptions: tuple[DifferentDay, ...] = field(default=(), metadata={"doc": "例外日期 / single dates"})

    def week(self) -> tuple[tuple[str, ...], ...]:
        """The spans of Monday to Sunday."""
        return tuple(getattr(self, name) for name in WEEKDAYS)

    def faults(self) -> Iterator[Fault]:
        """No spans overlap, and no date is excepted twice."""
        for name in (*WEEKDAYS, "holiday"):
            yield from span_faults(name, getattr(self, name))
        dates = [each.date for each in self.exceptions]
        for twice in sorted({each for each in dates if dates.count(each) > 1}):
            yield f"exceptions.{twice}", "重复 / stands here twice"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplacedDay:
    """A day that is not what the published arrangement says."""

    date: str = field(metadata={"doc": "日期 / date", "pattern": ISO_DATE, "form": DATE["form"]})
    kind: str = field(
        metadata={
            "doc": "工作日、休息日、节假日、调休 / kind of day",
            "pattern": "workday|weekend|holiday|make_up",
        }
    )
    name: str = field(default="", metadata={"doc": "节日名 / name of the holiday"})

    def faults(self) -> Iterator[Fault]:
        """The date exists."""
        yield from date_fault("date", self.date)


@dataclass(frozen=True, slots=True, kw_only=True)
class YearOfDays:
    """The days of one year that the operators entered; `complete` when the year's arrangement is in."""

    id: str = field(metadata={"doc": "年份 / year", "pattern": r"[1-9]\d{3}"})
    complete: bool = field(default=False, metadata={"doc": "全年已确认 / the year's arrangement is in"})
    days: tuple[ReplacedDay, ...] = field(default=(), metadata={"doc": "日期 / days"})

    def faults(self) -> Iterator[Fault]:
        """Days lie in the year, each once."""
        dates = [each.date for each in self.days]
        for day in sorted(set(dates)):
            if not day.startswith(f"{self.id}-"):
                yield f"days.{day}", f"不在 {self.id} 年 / is not in the year {self.id}"
            if dates.count(day) > 1:
                yield f"days.{day}", "重复 / stands here twice"
