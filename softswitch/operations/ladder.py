"""A call as a ladder: who sent what to whom, when, with what happened to the call and how its sound was.  Pure.

One lane a peer, ours in the middle of all that is said; drawn as text for a terminal and as SVG for a report.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from html import escape
from math import ceil
from unicodedata import east_asian_width

LANE_CHARS = 30
NODE = "hotline"
_LANE_PX, _ROW_PX, _TOP_PX, _TIME_PX = 260, 26, 60, 90
_FONT = "font-family='monospace' font-size='12'"
_NARROW_PX, _WIDE_PX = 7.3, 12.0
"""What a Latin and a Chinese letter of that font take; a little more than they do, so that nothing is cut off."""
_OVER_LINES = "paint-order='stroke' stroke='white' stroke-width='4'"
"""Letters stand in front of the lanes that they cross."""
_HEAD = (
    "<defs><marker id='head' viewBox='0 0 8 8' refX='8' refY='4' markerWidth='8' markerHeight='8' "
    "orient='auto'><path d='M0,0 L8,4 L0,8 z'/></marker></defs>"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """Something on the ladder.  `at` is wall seconds; `peer` is empty for what happened inside.

    `outward` is True for a message of ours.
    """

    at: float
    text: str
    peer: str = ""
    outward: bool = False


def lanes_of(steps: Iterable[Step]) -> tuple[str, ...]:
    """The peers in the order in which they first appear, after the node itself."""
    seen = dict.fromkeys(step.peer for step in steps if step.peer)
    return (NODE, *seen)


def as_text(steps: tuple[Step, ...], title: str, notes: tuple[str, ...] = ()) -> str:
    """The ladder for a terminal: the node at the left, an arrow to or from the lane of each peer."""
    lanes = lanes_of(steps)
    head = " " * 10 + "".join(lane.center(LANE_CHARS) for lane in lanes)
    lines = [title, "", head.rstrip()]
    began = steps[0].at if steps else 0.0
    for step in steps:
        offset = f"{step.at - began:+9.3f} "
        if step.peer:
            body = _arrow(step, lanes.index(step.peer), len(lanes))
        else:
            body = _bars(len(lanes))
            middle = LANE_CHARS // 2
            text = f" * {step.text}"
            body = body[: middle + 1] + text + body[middle + 1 + len(text) :]
        lines.append((offset + body).rstrip())
    return "\n".join([*lines, *(["", *notes] if notes else []), ""])


def _bars(lanes: int) -> str:
    return ("|".center(LANE_CHARS)) * lanes


def _arrow(step: Step, lane: int, lanes: int) -> str:
    """A line from the node's bar to the peer's bar, the text on it."""
    first = "|".center(LANE_CHARS).index("|")
    last = first + lane * LANE_CHARS
    width = last - first - 1
    text = f" {step.text} "[: max(0, width - 4)]
    line = text.center(width - 1, "-")
    drawn = f"{line}>" if step.outward else f"<{line}"
    bars = _bars(lanes)
    return bars[: first + 1] + drawn + bars[last:]


def as_svg(steps: tuple[Step, ...], title: str, notes: tuple[str, ...] = ()) -> str:
    """The same as one SVG document without scripts or foreign parts."""
    lanes = lanes_of(steps)
    width = _width(steps, lanes, (title, *notes))
    bottom = _TOP_PX + _ROW_PX * (len(steps) + 1)
    height = bottom + 18 * (len(notes) + 1)
    size = f"viewBox='0 0 {width} {height}' width='{width}' height='{height}'"
    return "\n".join(
        [
            f"<svg xmlns='http://www.w3.org/2000/svg' {size} {_FONT}>",
            _HEAD,
            "<rect width='100%' height='100%' fill='white'/>",
            f"<text x='8' y='18' font-weight='bold'>{escape(title)}</text>",
            *_lanes(lanes, bottom),
            *_steps(steps, lanes),
            *(
                f"<text x='8' y='{bottom + 18 * (number + 1)}'>{escape(note)}</text>"
                for number, note in enumerate(notes)
            ),
            "</svg>",
            "",
        ]
    )


def _width(steps: tuple[Step, ...], lanes: tuple[str, ...], lines: tuple[str, ...]) -> int:
    """Pixels, so that every lane and every sentence has its room."""
    inner = (_x(0) + 6 + _length(step.text) for step in steps if not step.peer)
    whole = (8 + _length(line) for line in lines)
    return ceil(max(_TIME_PX + _LANE_PX * len(lanes), *inner, *whole) + 8)


def _length(text: str) -> float:
    return sum(_WIDE_PX if east_asian_width(letter) in "WF" else _NARROW_PX for letter in text)


def _x(lane: int) -> float:
    return _TIME_PX + _LANE_PX * (lane + 0.5)


def _lanes(lanes: tuple[str, ...], bottom: int) -> Iterator[str]:
    for number, lane in enumerate(lanes):
        yield f"<text x='{_x(number)}' y='44' text-anchor='middle'>{escape(lane)}</text>"
        yield (
            f"<line x1='{_x(number)}' y1='{_TOP_PX - 8}' x2='{_x(number)}' y2='{bottom}' "
            "stroke='#999' stroke-dasharray='3 3'/>"
        )


def _steps(steps: tuple[Step, ...], lanes: tuple[str, ...]) -> Iterator[str]:
    began = steps[0].at if steps else 0.0
    for row, step in enumerate(steps):
        y = _TOP_PX + _ROW_PX * (row + 1)
        yield f"<text x='8' y='{y}' fill='#555'>{step.at - began:+.3f}</text>"
        if not step.peer:
            yield f"<text x='{_x(0) + 6}' y='{y}' fill='#06c' {_OVER_LINES}>{escape(step.text)}</text>"
            continue
        ours, theirs = _x(0), _x(lanes.index(step.peer))
        begin, end = (ours, theirs) if step.outward else (theirs, ours)
        yield (
            f"<line x1='{begin}' y1='{y}' x2='{end}' y2='{y}' stroke='black' marker-end='url(#head)'/>"
            f"<text x='{(ours + theirs) / 2}' y='{y - 4}' text-anchor='middle' {_OVER_LINES}>"
            f"{escape(step.text)}</text>"
        )
