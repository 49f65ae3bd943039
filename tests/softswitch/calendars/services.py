"""Services of any hours on any calendar, and a slow plain reading of when they are open."""

from datetime import datetime, timedelta
from typing import Any

from hypothesis import strategies as st

from softswitch.calendars.days import Day, DayKind, Days, DaySource
from softswitch.calendars.hours import WEEKDAYS, DifferentDay, Hours
from softswitch.calendars.opening import SHANGHAI, local


def at(text: str) -> float:
    """A moment in China's time."""
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI).timestamp()


def _clock(minute: int) -> str:
    return f"{minute // 60:02d}:{minute % 60:02d}"


@st.composite
def _some_spans(draw: st.DrawFn) -> tuple[str, ...]:
    edges = sorted(draw(st.sets(st.integers(0, 1440), max_size=6)))
    pairs = zip(edges[::2], edges[1::2], strict=False)
    return tuple(f"{_clock(start)}-{_clock(end)}" for start, end in pairs)


MOMENTS = st.integers(int(at("2020-01-01T00:00:00")), int(at("2030-01-01T00:00:00")))


@st.composite
def services(draw: st.DrawFn) -> tuple[Hours, Days, int]:
    """Hours of any week, with exceptions and days that were exchanged near a moment of ten years."""
    when = draw(MOMENTS)
    near = st.dates(local(when).date() - timedelta(days=2), local(when).date() + timedelta(days=9))
    week: dict[str, Any] = {name: draw(_some_spans()) for name in WEEKDAYS}
    excepted = draw(st.dictionaries(near, _some_spans(), max_size=3))
    replaced = draw(st.dictionaries(near, st.sampled_from(DayKind), max_size=4))
    hours = Hours(
        id="h",
        **week,
        holiday=draw(_some_spans()),
        observes_holidays=draw(st.booleans()),
        make_up_as=draw(st.sampled_from(WEEKDAYS)),
        exceptions=tuple(DifferentDay(date=day.isoformat(), open=open_) for day, open_ in excepted.items()),
    )
    days = Days({day: Day(date=day, kind=kind, source=DaySource.OPERATOR) for day, kind in replaced.items()})
    return hours, days, when


def is_plainly_open(hours: Hours, days: Days, when: float) -> bool:
    """Read the rules aloud, minute text against minute text."""
    moment = datetime.fromtimestamp(when, SHANGHAI)
    texts = getattr(hours, WEEKDAYS[moment.weekday()])
    kind = days.day(moment.date()).kind
    if hours.observes_holidays and kind is DayKind.MAKE_UP:
        texts = getattr(hours, hours.make_up_as)
    if hours.observes_holidays and kind is DayKind.HOLIDAY:
        texts = hours.holiday
    for each in hours.exceptions:
        if each.date == moment.date().isoformat():
            texts = each.open
    clock = moment.strftime("%H:%M")
    return any(text.split("-")[0] <= clock < text.split("-")[1] for text in texts)
