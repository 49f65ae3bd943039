"""The header block of a SIP message: ordered, case-insensitive, compact names resolved, text kept raw."""

from collections.abc import Iterator

from softswitch.sip.errors import MalformedMessage
from softswitch.sip.grammar import LWS, is_token, split_outside_quotes

_COMPACT = {
    "a": "Accept-Contact",
    "b": "Referred-By",
    "c": "Content-Type",
    "d": "Request-Disposition",
    "e": "Content-Encoding",
    "f": "From",
    "i": "Call-ID",
    "j": "Reject-Contact",
    "k": "Supported",
    "l": "Content-Length",
    "m": "Contact",
    "n": "Identity-Info",
    "o": "Event",
    "r": "Refer-To",
    "s": "Subject",
    "t": "To",
    "u": "Allow-Events",
    "v": "Via",
    "x": "Session-Expires",
    "y": "Identity",
}

_IRREGULAR = (
    "Call-ID",
    "CSeq",
    "WWW-Authenticate",
    "MIME-Version",
    "Min-SE",
    "RAck",
    "RSeq",
    "ETag",
    "SIP-ETag",
)

STRUCTURED_LISTS = frozenset(
    {
        "Alert-Info",
        "Call-Info",
        "Contact",
        "Diversion",
        "Error-Info",
        "History-Info",
        "P-Asserted-Identity",
        "P-Associated-Uri",
        "P-Preferred-Identity",
        "Path",
        "Reason",
        "Record-Route",
        "Route",
        "Service-Route",
        "Via",
        "Warning",
    }
)
TOKEN_LISTS = frozenset(
    {
        "Accept",
        "Accept-Encoding",
        "Accept-Language",
        "Allow",
        "Allow-Events",
        "Content-Encoding",
        "Content-Language",
        "In-Reply-To",
        "Proxy-Require",
        "Require",
        "Supported",
        "Unsupported",
    }
)
_LISTS = STRUCTURED_LISTS | TOKEN_LISTS

_MOST_NAMES_KNOWN = 2048
_known = {name.lower(): name for name in (*_LISTS, *_IRREGULAR, *_COMPACT.values())} | _COMPACT
_by_spelling: dict[str, str] = {}


def canonical_name(name: str) -> str:
    """Return the long name in its usual spelling; MalformedMessage when it is no token."""
    found = _by_spelling.get(name)
    if found is not None:
        return found
    if is_token(name) is None:
        raise MalformedMessage(f"bad header name {name[:40]!r}")
    lower = name.lower()
    found = _known.get(lower)
    if found is None:
        found = "-".join([part[:1].upper() + part[1:] for part in lower.split("-")])
    if len(_by_spelling) < _MOST_NAMES_KNOWN and len(name) <= 40:
        _by_spelling[name] = found
    return found


def split_values(name: str, text: str) -> list[str]:
    """Split one header line into its values; `name` is canonical.

    A structured list (Via, Contact, Route…) has no empty members; in a list of tokens they are dropped.
    """
    if name not in _LISTS:
        return [text]
    if "," not in text:
        return [text] if text or name in STRUCTURED_LISTS else []
    values = [value.strip(LWS) for value in split_outside_quotes(text, ",")]
    if name not in STRUCTURED_LISTS:
        return [value for value in values if value]
    if not all(values):
        raise MalformedMessage(f"empty value in {name}")
    return values


class Headers:
    """Header lines in order.  Lists (Via, Contact, Allow…) are split into values when they are asked for.

    No value ever holds CR or LF, so what is written here cannot become another header.
    """

    __slots__ = ("_lines",)

    def __init__(self, lines: list[tuple[str, str]] | None = None) -> None:
        """Take over lines whose names are canonical and whose values are clean; for others use `add`."""
        self._lines: list[tuple[str, str]] = [] if lines is None else lines

    def get(self, name: str) -> str | None:
        """Return the first value, None when the header is absent."""
        wanted = canonical_name(name)
        for line_name, text in self._lines:
            if line_name == wanted:
                if "," not in text:
                    return text
                values = split_values(wanted, text)
                if values:
                    return values[0]
        return None

    def all(self, name: str) -> tuple[str, ...]:
        """Return every value in order, those of one comma-separated line taken apart."""
        wanted = canonical_name(name)
        lines = [text for line_name, text in self._lines if line_name == wanted]
        if wanted not in _LISTS:
            return tuple(lines)
        return tuple([value for text in lines for value in split_values(wanted, text)])

    def set(self, name: str, value: str) -> None:
        """Put one value in place of all there were (at the place of the first, else at the end)."""
        wanted = canonical_name(name)
        _refuse_line_ends(value)
        for at, (line_name, _) in enumerate(self._lines):
            if line_name == wanted:
                self._lines[at] = (wanted, value)
                after = at + 1
                self._lines[after:] = [line for line in self._lines[after:] if line[0] != wanted]
                return
        self._lines.append((wanted, value))

    def add(self, name: str, value: str) -> None:
        """Append one line."""
        _refuse_line_ends(value)
        self._lines.append((canonical_name(name), value))

    def insert_first(self, name: str, value: str) -> None:
        """Put a value before the first of its name (a new header comes first of all)."""
        wanted = canonical_name(name)
        _refuse_line_ends(value)
        for at, (line_name, _) in enumerate(self._lines):
            if line_name == wanted:
                self._lines.insert(at, (wanted, value))
                return
        self._lines.insert(0, (wanted, value))

    def pop_first(self, name: str) -> str | None:
        """Remove the first value and return it; the others of its line stay."""
        wanted = canonical_name(name)
        for at, (line_name, text) in enumerate(self._lines):
            if line_name == wanted:
                values = split_values(wanted, text)
                if len(values) > 1:
                    self._lines[at] = (wanted, ", ".join(values[1:]))
                else:
                    del self._lines[at]
                return values[0] if values else ""
        return None

    def remove(self, name: str) -> None:
        """Remove every line of a name."""
        wanted = canonical_name(name)
        self._lines = [line for line in self._lines if line[0] != wanted]

    def items(self) -> tuple[tuple[str, str], ...]:
        """Return the lines as (canonical name, text); a comma-separated line stands as one."""
        return tuple(self._lines)

    def copy(self) -> "Headers":
        """Return an independent copy."""
        return Headers(self._lines.copy())

    def __contains__(self, name: str) -> bool:
        wanted = canonical_name(name)
        return any(line_name == wanted for line_name, _ in self._lines)

    def __iter__(self) -> Iterator[tuple[str, str]]:
        return iter(self._lines)

    def __len__(self) -> int:
        return len(self._lines)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Headers) and self._lines == other._lines

    __hash__ = None  # type: ignore[assignment]  # changeable

    def __repr__(self) -> str:
        return f"<Headers {', '.join(f'{name}: {text}' for name, text in self._lines)}>"


def _refuse_line_ends(value: str) -> None:
    if "\r" in value or "\n" in value or "\0" in value:
        raise MalformedMessage("a header value may not hold CR, LF or NUL")
