"""Errors carry what their answer needs."""

from softswitch.sip.errors import MalformedMessage, MalformedSdp, NotAcceptable
from softswitch.sip.headers import Headers


def test_a_malformed_message_names_its_answer() -> None:
    """400 unless said otherwise, without a request unless one was read."""
    fault = MalformedMessage("bad Via")
    assert (fault.reason, fault.status, fault.partial) == ("bad Via", 400, None)
    assert str(MalformedMessage("large", 513)) == "513 large"


def test_a_warning_is_one_header_value() -> None:
    """Whatever the reason holds, it stays inside its quotes and on its line."""
    fault = NotAcceptable('a "b" c:\\d\r\nEvil: \0x', warn_code=305)
    assert fault.status == 488
    assert fault.warning == '305 hotline "a \\"b\\" c:\\\\d  Evil:  x"'


def test_reasons_about_foreign_text_can_stand_in_a_header() -> None:
    """They show it escaped."""
    warning = NotAcceptable(MalformedSdp(f"bad line {'x' + chr(13) + chr(10) + 'Evil: 1'!r}").reason).warning
    headers = Headers()
    headers.add("Warning", warning)
    assert headers.get("Warning") == warning
