"""Just enough SIP text for simulated peers, written apart from the product's parser so that both must be right.

Not for hostile input: a datagram that is not plain SIP is None.
"""

import hashlib
import re
import secrets
from dataclasses import dataclass, field

COMPACT = {
    "v": "via",
    "f": "from",
    "t": "to",
    "i": "call-id",
    "m": "contact",
    "l": "content-length",
    "c": "content-type",
    "k": "supported",
}
LISTS = frozenset({"via", "contact", "record-route", "route", "www-authenticate"})


@dataclass(slots=True)
class Message:
    """A request or response: its start line, its headers in order, its body."""

    start: str
    headers: list[tuple[str, str]] = field(default_factory=list)
    body: str = ""

    @property
    def status(self) -> int:
        """The status of a response, 0 for a request."""
        return int(self.start.split()[1]) if self.start.startswith("SIP/2.0 ") else 0

    @property
    def method(self) -> str:
        """The method of a request, or of the request that a response answers."""
        return self.get("cseq").split()[-1] if self.status else self.start.split()[0]

    @property
    def uri(self) -> str:
        """The Request-URI."""
        return self.start.split()[1]

    @property
    def cseq(self) -> int:
        """The number in CSeq."""
        return int(self.get("cseq").split()[0])

    @property
    def branch(self) -> str:
        """The branch of the topmost Via."""
        return parameter(self.get("via"), "branch")

    def get(self, name: str) -> str:
        """The first value of a header, empty when there is none."""
        name = name.lower()
        return next((value for key, value in self.headers if key.lower() == name), "")

    def all(self, name: str) -> list[str]:
        """Every value of a header, one an entry."""
        name = name.lower()
        return [value for key, value in self.headers if key.lower() == name]

    def encode(self) -> bytes:
        """The datagram."""
        body = self.body.encode()
        lines = [self.start, *(f"{name}: {value}" for name, value in self.headers)]
        return "\r\n".join([*lines, f"Content-Length: {len(body)}", "", ""]).encode() + body


def parse(data: bytes) -> Message | None:
    """A message from a datagram, or None for keep-alives and junk."""
    head, _, body = data.decode("utf-8", "replace").partition("\r\n\r\n")
    lines = re.sub(r"\r\n[ \t]+", " ", head).split("\r\n")
    if "SIP/2.0" not in lines[0]:
        return None
    message = Message(lines[0], body=body)
    for line in lines[1:]:
        name, colon, value = line.partition(":")
        name = COMPACT.get(name.strip().lower(), name.strip().lower())
        if not colon or name == "content-length":
            continue
        values = re.split(r",(?=\s*(?:<|SIP/|sip:|Digest ))", value) if name in LISTS else [value]
        message.headers.extend((name, part.strip()) for part in values)
    return message if message.get("cseq") and message.get("call-id") and message.get("via") else None


def parameter(value: str, name: str) -> str:
    """One `;name=value` of a header outside its angle brackets, empty when there is none."""
    match = re.search(rf';\s*{name}=("[^"]*"|[^;,\s]*)', re.sub(r"<[^>]*>", "", value), re.IGNORECASE)
    return match.group(1).strip('"') if match else ""


def uri_in(value: str) -> str:
    """The URI of a name-addr or addr-spec."""
    match = re.search(r"<([^>]*)>", value)
    return match.group(1) if match else value.split(";", maxsplit=1)[0].strip()


def destination_of(uri: str) -> tuple[str, int]:
    """Address and port that a SIP URI names."""
    rest = re.sub(r"^sips?:", "", uri.split("?", maxsplit=1)[0]).split(";")[0].rpartition("@")[2]
    host, _, port = rest.rpartition(":") if re.search(r":\d+$", rest) else (rest, "", "")
    return host.strip("[]"), int(port or 5060)


def host_text(address: str) -> str:
    """An address as it stands in URIs and Via: IPv6 in brackets."""
    return f"[{address}]" if ":" in address else address


def new_branch() -> str:
    """A branch that nobody used before (RFC 3261 section 8.1.1.7)."""
    return "z9hG4bK" + secrets.token_hex(8)


def response_to(request: Message, status: int, phrase: str, *, tag: str = "", body: str = "") -> Message:
    """A response with the headers that must be copied (RFC 3261 section 8.2.6)."""
    answer = Message(f"SIP/2.0 {status} {phrase}", body=body)
    for name, value in request.headers:
        if name in {"via", "from", "call-id", "cseq", "record-route"}:
            answer.headers.append((name.title(), value))
        elif name == "to":
            with_tag = value if not tag or parameter(value, "tag") else f"{value};tag={tag}"
            answer.headers.append(("To", with_tag))
    if body:
        answer.headers.append(("Content-Type", "application/sdp"))
    return answer


def digest_answer(
    challenges: list[str], username: str, password: str, method: str, uri: str, *, prefer: str = "SHA-256"
) -> str:
    """An Authorization value for the preferred of the offered algorithms (RFC 7616, RFC 8760), qop=auth."""
    offered = {}
    for challenge in challenges:
        fields = {
            key.lower(): quoted or plain
            for key, quoted, plain in re.findall(r'(\w+)=(?:"([^"]*)"|([^,\s]+))', challenge)
        }
        offered[fields.get("algorithm", "MD5").upper()] = fields
    algorithm = prefer if prefer in offered else next(iter(offered))
    fields = offered[algorithm]
    hasher = hashlib.sha256 if algorithm == "SHA-256" else hashlib.md5

    def digest(text: str) -> str:
        return hasher(text.encode()).hexdigest()

    realm, nonce, cnonce, count = fields["realm"], fields["nonce"], secrets.token_hex(8), "00000001"
    secret = digest(f"{username}:{realm}:{password}")
    proof = digest(f"{secret}:{nonce}:{count}:{cnonce}:auth:{digest(f'{method}:{uri}')}")
    opaque = f', opaque="{fields["opaque"]}"' if "opaque" in fields else ""
    return (
        f'Digest username="{username}", realm="{realm}", nonce="{nonce}", uri="{uri}", response="{proof}", '
        f'algorithm={algorithm}, qop=auth, nc={count}, cnonce="{cnonce}"{opaque}'
    )
