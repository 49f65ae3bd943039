"""What control and the signalling cells say to each other.  Commands imperative, events past tense, all frozen.

One link a cell (`<run_dir>/cells/<cell_id>.sock`), one link to the nursery (`<run_dir>/nursery.sock`).
A cell carries signalling only; SDP, sound and everything untrusted stay outside it (design, section 2).
"""

from dataclasses import dataclass

Header = tuple[str, str]

# ---- commands to a cell ------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """Digest credentials for one trunk, used for that trunk's realm only."""

    realm: str
    username: str
    password: str

    def __repr__(self) -> str:
        """Never show the password."""
        return f"Credentials(realm={self.realm!r}, username={self.username!r}, password=***)"


@dataclass(frozen=True, slots=True, kw_only=True)
class MakeLeg:
    """Send an INVITE to `request_uri` through the edge, with `From: from_uri`."""

    leg_id: str
    request_uri: str
    from_uri: str
    headers: tuple[Header, ...] = ()
    credentials: Credentials | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerLeg:
    """Answer an arrived INVITE with a 1xx or 2xx.  Refusals are `HangUpLeg`."""

    leg_id: str
    status: int
    headers: tuple[Header, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class HangUpLeg:
    """End a leg: CANCEL, BYE or the final answer `status`, whichever its dialog needs."""

    leg_id: str
    status: int = 0
    headers: tuple[Header, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SendRequest:
    """Send an in-dialog request (NOTIFY, INFO…)."""

    leg_id: str
    method: str
    headers: tuple[Header, ...] = ()
    content_type: str = ""
    body: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportState:
    """What do you hold?  Answered by one `LegHeld` a leg, then `StateReported`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Retire:
    """Take no new leg; exit when the last one has ended."""


# ---- events of a cell ----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class LegArrived:
    """An INVITE that the edge forwarded is in the cell and waits for an answer."""

    leg_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LegProgressed:
    """A 1xx other than 100 arrived for a leg that the cell made."""

    leg_id: str
    status: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LegConfirmed:
    """The dialog is confirmed (2xx and ACK)."""

    leg_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LegEnded:
    """The leg is disconnected.  `status` is the SIP status that ended it (200 for BYE).

    `by_far_end` is True when the outside ended it (BYE, CANCEL, refusal), False when we did.
    """

    leg_id: str
    status: int
    reason: str
    by_far_end: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SlotFreed:
    """The native call slot of an ended leg can be used again.

    Comes after `LegEnded`: at once, or up to 32 s later when the far end does not answer BYE or CANCEL.
    """

    leg_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SlotRefused:
    """An INVITE found every native slot in use: the stack answered 486 by itself.  Place the leg elsewhere."""

    leg_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RetirementBegun:
    """The cell served its share and wants no new leg; it exits when the last one has ended."""

    legs: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LegFailed:
    """A command could not be done; `code` is stable.

    `cell_full` (no native slot), `retiring` (the cell takes no new leg), `leg_exists`, `unknown_leg`,
    `bad_header`, `stack_error` (the stack said no; `detail` has its words).
    A failed `MakeLeg` made no leg: no `LegEnded` follows, only `SlotFreed` (but for `leg_exists`).
    """

    leg_id: str
    code: str
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestAnswered:
    """The final answer to a `SendRequest`."""

    leg_id: str
    method: str
    status: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LegHeld:
    """One leg that this cell holds; `phase` is `early`, `confirmed` or `ending`, `outgoing` True for `MakeLeg`.

    `ending`: `LegEnded` was reported already, only the native call slot is still in use.
    """

    leg_id: str
    phase: str
    outgoing: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class StateReported:
    """The end of the answer to `ReportState`; `slots_free` counts native call slots."""

    legs: int
    slots_free: int


# ---- nursery ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class WantLegs:
    """Keep so many cells that `legs` legs fit (and a spare margin of the nursery's own)."""

    legs: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportCells:
    """Which cells live?  Answered by one `CellStarted` each, then `CellsReported`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CellStarted:
    """A cell lives: its SIP address, its link, the native call slots that it has."""

    cell_id: str
    pid: int
    sip_address: str
    sip_port: int
    link_path: str
    capacity: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CellEnded:
    """A cell is gone; `retired` is False for a crash."""

    cell_id: str
    pid: int
    retired: bool
    exit_status: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CellsReported:
    """The end of the answer to `ReportCells`."""

    cells: int


CellCommand = MakeLeg | AnswerLeg | HangUpLeg | SendRequest | ReportState | Retire
CellEvent = (
    LegArrived
    | LegProgressed
    | LegConfirmed
    | LegEnded
    | SlotFreed
    | SlotRefused
    | RetirementBegun
    | LegFailed
    | RequestAnswered
    | LegHeld
    | StateReported
)
NurseryCommand = WantLegs | ReportCells
NurseryEvent = CellStarted | CellEnded | CellsReported
