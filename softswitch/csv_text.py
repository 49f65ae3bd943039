"""CSV as spreadsheets here write and read it: its bytes, its numbered rows, and cells that no spreadsheet computes."""

import csv
import io
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

_MARK: Final = "\ufeff"
_COMPUTED: Final = ("=", "+", "-", "@", "\t", "\r")


def decoded(data: bytes) -> str:
    """The text of a file: UTF-8, with or without its mark, else GB 18030; what is neither has U+FFFD in it."""
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("gb18030", errors="replace")


def first_row(rows: Iterator[list[str]]) -> list[str]:
    """The cells of the first line, none when there is no such line."""
    try:
        return next(rows, [])
    except csv.Error:
        return []


def numbered_rows(rows: Iterator[list[str]], lines_most: int) -> Iterator[tuple[int, list[str] | str]]:
    """The rows after the first with their numbers, which count from 2; empty ones are left out.

    In place of what is no CSV, and of all beyond `lines_most`, stands a text that says so.
    """
    line = 1
    while True:
        line += 1
        row: list[str] | str
        try:
            row = next(rows)
        except StopIteration:
            return
        except csv.Error as error:
            row = f"不是 CSV / not CSV: {error}"
        if line > lines_most:
            yield line, f"超过 {lines_most} 行 / the file is longer than {lines_most} lines"
            return
        if isinstance(row, str) or any(cell.strip() for cell in row):
            yield line, row


def reader(text: str) -> Iterator[list[str]]:
    """The rows of a text."""
    return csv.reader(io.StringIO(text, newline=""))


def columns_of(head: Iterable[str], words: Mapping[str, Iterable[str]]) -> dict[str, int]:
    """Where the columns are that the first line names, by key; `words` are the names that each may have."""
    names = [cell.strip().lower() for cell in head]
    found = {key: next((names.index(one) for one in each if one in names), -1) for key, each in words.items()}
    return {key: place for key, place in found.items() if place >= 0}


def written(rows: Iterable[Iterable[str]]) -> str:
    """Rows as a text that a spreadsheet opens as UTF-8, and takes for text where it might compute."""
    target = io.StringIO(newline="")
    csv.writer(target).writerows([[_guarded(cell) for cell in row] for row in rows])
    return _MARK + target.getvalue()


def _guarded(cell: str) -> str:
    return f"'{cell}" if cell.startswith(_COMPUTED) else cell


def bare(cell: str) -> str:
    """A cell without the spaces around it, and without the apostrophe that `written` put there."""
    text = cell.strip()
    return text[1:] if text[:1] == "'" and text[1:].startswith(_COMPUTED) else text
