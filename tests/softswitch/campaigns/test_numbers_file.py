"""Numbers from a CSV text: every bad line is named, and the good ones come in their normal form with their data."""

from softswitch.campaigns.numbers_file import read_numbers


def test_columns_beside_the_number_are_data() -> None:
    found = read_numbers(
        "号码,姓名,事项\n139-0000-0001,张三,路灯\n0512 6666 8888,,\n", "0512", lambda _: False
    )
    assert found.numbers == [("13900000001", {"姓名": "张三", "事项": "路灯"}), ("051266668888", {})]
    assert not found.bad_lines


def test_every_bad_line_is_named() -> None:
    text = "number,name\n13900000001,a\nabc,b\n13900000001,c\n13900000009,d\n13900000002,e,f\n,g\n13900000003,ok\n"
    found = read_numbers(text, "0512", lambda number: number == "13900000009")
    assert [(bad.line, bad.number) for bad in found.bad_lines] == [
        (3, "abc"),
        (4, "13900000001"),
        (5, "13900000009"),
        (6, "13900000002"),
        (7, ""),
    ]
    assert [number for number, _ in found.numbers] == ["13900000001", "13900000003"]


def test_a_file_without_a_column_of_numbers_is_one_bad_line() -> None:
    assert [bad.line for bad in read_numbers("name\nx\n", "0512", lambda _: False).bad_lines] == [1]
    assert [bad.line for bad in read_numbers("", "0512", lambda _: False).bad_lines] == [1]


def test_a_cell_that_a_spreadsheet_would_compute_is_taken_as_it_was_written() -> None:
    found = read_numbers("number,note\n'+12125550100,'=1+1\n", "0512", lambda _: False)
    assert found.numbers == [("+12125550100", {"note": "=1+1"})]
