"""What the HTTP interface shows of the distributor's decisions: who was offered whom, and why not others."""

from dataclasses import dataclass, field

from api.views import WallTime


@dataclass(frozen=True, slots=True, kw_only=True)
class ExplainQuery:
    """How much is to be told."""

    whole: bool = field(
        default=False,
        metadata={
            "doc": "重演日志,列出每个人及原因 / play the journal again and list everybody, each with a reason"
        },
    )
    offer: str = field(
        default="",
        metadata={"doc": "仅列此次分配的全部 / everybody for the decision of this offer alone", "most": 64},
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Explained:
    """What is asked about: a call, or a contact of another medium.  Times in wall seconds."""

    id: str
    arrived_at: float
    ended_at: float | None
    was_offered: bool
    is_call: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactCandidateView:
    """A caller whom the agent could have had; the names are those of the criteria.

    `own`: waits for this very agent.  `priority` and `level` hold what waiting added, `skill` is the sum of the agent's
    levels in what is asked for, `arrival_s` how long ago the caller came.  Great ones go first.
    """

    contact: str
    is_chosen: bool
    queue: str
    own: bool
    priority: int
    level: int
    region: str
    skill: int
    arrival_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentCandidateView:
    """A free agent whom the caller could have had; the names are those of the criteria.

    More `skill` (the sum of levels in what is asked for) and more `idle_s` go first, and less of all others: `turn`
    (number of the last offer from this queue), `calls` and `talk_s` since the login, `occupancy` (0 to 1), `rank`.
    """

    agent: str
    is_chosen: bool
    skill: int
    idle_s: float
    turn: int
    calls: int
    talk_s: float
    occupancy: float
    rank: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ExcludedView:
    """How many were no candidates for one reason: an agent's condition, or `skill`, `declined`, `behind`."""

    reason: str
    chinese: str
    number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentVerdictView:
    """One agent of the contact's lines: `place` among those who could have had it (1 goes first, null could not).

    `row` is that of the contact's table.  `verdict` is `chosen`, `later`, or the reason why not: a condition, `skill`…
    """

    values: AgentCandidateView
    row: int
    place: int | None
    verdict: str
    chinese: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactVerdictView:
    """One contact in the agent's lines: `place` among those that the agent could have had, and the `verdict` as above."""

    values: ContactCandidateView
    place: int | None
    verdict: str
    chinese: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WholeListView:
    """Everybody on both sides of a decision, made by playing the journal again up to it.

    `journal` is the name of the file and `line` the event that the decision followed from; `policy_line` the last line
    before it that changed a rule, `policy` a digest of all rules that held: equal for equal rules.
    """

    journal: str
    line: int
    policy: str
    policy_line: int
    agents: tuple[AgentVerdictView, ...]
    contacts: tuple[ContactVerdictView, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionView:
    """One decision, in words and in figures.

    `contacts` are the first callers whom the agent could have had, by `contact_criteria`; `agents` the first free agents
    whom the caller could have had, by `agent_criteria`: the best first, 20 at most.  `row` counts the lines that the
    caller stood in, from 0.  `joined` are the agents whose phones rang along, where all ring together.  `region` is the one whose turn it was, empty where shares had no say.  `is_circle`: the
    caller would have had another agent, and the agent's wish counted.  `whole` is there where it was asked for.
    """

    at: WallTime
    chinese: str
    english: str
    offer: str
    contact: str
    agent: str
    queue: str
    row: int
    region: str
    joined: tuple[str, ...]
    is_circle: bool
    contact_criteria: tuple[str, ...]
    contacts: tuple[ContactCandidateView, ...]
    contacts_excluded: tuple[ExcludedView, ...]
    agent_criteria: tuple[str, ...]
    agents: tuple[AgentCandidateView, ...]
    agents_excluded: tuple[ExcludedView, ...]
    whole: WholeListView | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NotWithView:
    """Why an agent of the caller's lines does not have the caller now: a condition, `skill` or `declined`."""

    agent: str
    reason: str
    chinese: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WhyWaitingView:
    """Why a caller still waits: the place in the line (1 is next), and each agent of the lines who is logged in.

    `expected_wait_s` is a band, from and to: four of five who stand there wait so much longer.  Empty while too few calls
    have been served to tell.
    """

    chinese: str
    english: str
    queue: str
    position: int | None
    expected_wait_s: tuple[float, ...]
    agents: tuple[NotWithView, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ExplanationView:
    """All decisions on a call or a contact, the first one first; `why_waiting` is null for what does not wait.

    `call_id` is empty for a contact, `contact_id` for a call.  `is_whole` is false where records of earlier decisions are
    not kept any more: they are forgotten when control starts anew, and when many calls have come since.  From the journal
    (`whole`) they can be had for 30 days.
    """

    call_id: str
    contact_id: str
    is_whole: bool
    chinese: str
    english: str
    decisions: tuple[DecisionView, ...]
    why_waiting: WhyWaitingView | None
