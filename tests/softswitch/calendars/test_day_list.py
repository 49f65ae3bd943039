"""Days from a CSV file: what is taken, and every line that is not."""

from hypothesis import given
from hypothesis import strategies as st

from softswitch.calendars.day_list import LINES_MOST, read_days
from softswitch.calendars.hours import ReplacedDay
from softswitch.csv_text import decoded


def test_a_file_of_a_spreadsheet_in_either_language_is_read() -> None:
    """Excel in China saves GB 18030; dates come in three forms."""
    text = "日期,类型,名称\r\n2027/2/6,节假日,春节\r\n2027年2月20日,调休,\r\n2027-02-05,workday,除夕前\r\n"
    for data in (text.encode("gb18030"), text.encode("utf-8-sig"), text.encode()):
        found = read_days(decoded(data))
        assert found.bad_lines == ()
        assert found.days == (
            ReplacedDay(date="2027-02-05", kind="workday", name="除夕前"),
            ReplacedDay(date="2027-02-06", kind="holiday", name="春节"),
            ReplacedDay(date="2027-02-20", kind="make_up"),
        )


def test_every_bad_line_is_told_with_its_number() -> None:
    text = "name,kind,date\nx,holiday,2027-02-30\n,party,2027-02-01\n,holiday,2027-02-01\n\n,holiday,2027-02-01\n?,?"
    found = read_days(text)
    assert [day.date for day in found.days] == ["2027-02-01"]
    assert [bad.line for bad in found.bad_lines] == [2, 3, 6, 7]
    assert all(" / " in bad.reason for bad in found.bad_lines)


def test_a_file_without_its_first_line_is_refused_as_a_whole() -> None:
    assert read_days("2027-02-01,holiday").bad_lines[0].line == 1
    assert read_days("").bad_lines[0].line == 1


def test_a_file_without_end_ends() -> None:
    found = read_days("date,kind\n" + "2027-01-01,holiday\n" * (LINES_MOST + 50))
    assert len(found.bad_lines) == LINES_MOST - 1
    assert str(LINES_MOST) in found.bad_lines[-1].reason


@given(st.binary(max_size=200))
def test_no_bytes_break_the_reader(data: bytes) -> None:
    found = read_days(decoded(b"date,kind,name\n" + data))
    assert all(bad.line >= 1 for bad in found.bad_lines)
