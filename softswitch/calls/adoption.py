"""What becomes of each call when control comes back: a pure decision from what was written and what is still held.

Cells and plane outlive control, so people may go on talking while nobody decides.  A call whose customer's leg is
alive in its cell and in the plane goes on; everything else is ended.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from softswitch.calls.call import CallState
from softswitch.calls.hearing import Role


class Fate(StrEnum):
    """How a call goes on."""

    TALKS = "talks"  # the legs of the customer and of somebody who serves live
    ARRIVES = "arrives"  # it was answered, and the caller's ACK is still to come
    WAITS = "waits"  # the customer's leg lives, nobody's who serves does
    IS_OVER = "is_over"


@dataclass(frozen=True, slots=True, kw_only=True)
class Adoption:
    """One call's fate, and those of its legs that must be ended."""

    call_id: str
    fate: Fate
    kept_legs: frozenset[str]
    ended_legs: tuple[str, ...]


_INTRODUCED = frozenset({CallState.INTRODUCED.value, CallState.TALKING.value})
_SERVING = frozenset({Role.AGENT.value, Role.CONSULTEE.value})


def decide(
    record: Mapping[str, Any],
    confirmed_in_cells: Collection[str],
    held_by_plane: Collection[str],
    early_in_cells: Collection[str] = (),
) -> Adoption:
    """Return the fate of a call from its record (`Call.to_record`) and the legs that live, acknowledged or not yet.

    Phones that rang are let go: who answered while nobody decided cannot be told any more.
    """
    legs = [party["leg"]["leg_id"] for party in record["parties"]]
    alive = {leg_id for leg_id in legs if leg_id in confirmed_in_cells and leg_id in held_by_plane}
    customer = next((p for p in record["parties"] if p["role"] == Role.CUSTOMER.value), None)
    joined = [p for p in record["parties"] if p["joined_at"] is not None and p["leg"]["leg_id"] in alive]
    serving = [party for party in joined if party["role"] in _SERVING]
    if customer is not None and _is_arriving(
        record, customer["leg"]["leg_id"], held_by_plane, early_in_cells
    ):
        fate, kept = Fate.ARRIVES, {customer["leg"]["leg_id"]}
    elif customer is None or customer["leg"]["leg_id"] not in alive:
        fate, kept = Fate.IS_OVER, set[str]()
    elif serving and _is_with_agent(record) and _has_agent(record, serving):
        fate = Fate.TALKS
        kept = {party["leg"]["leg_id"] for party in joined} | {customer["leg"]["leg_id"]}
    elif record["queue"]:
        fate, kept = Fate.WAITS, {customer["leg"]["leg_id"]}
    else:
        fate, kept = Fate.IS_OVER, set[str]()
    return Adoption(
        call_id=record["call_id"],
        fate=fate,
        kept_legs=frozenset(kept),
        ended_legs=tuple(leg_id for leg_id in legs if leg_id not in kept),
    )


def _is_arriving(
    record: Mapping[str, Any], leg_id: str, held_by_plane: Collection[str], early_in_cells: Collection[str]
) -> bool:
    """Whether the cell has the order to answer and repeats its 2xx until the ACK: the caller may go on from there."""
    is_answered = record["state"] == CallState.ARRIVED.value and record.get("answered_at") is not None
    return is_answered and leg_id in early_in_cells and leg_id in held_by_plane


def _is_with_agent(record: Mapping[str, Any]) -> bool:
    """Whether the caller talks with an agent, or is in a flow while the agent waits."""
    return record["state"] in _INTRODUCED or bool(record.get("is_away"))


def _has_agent(record: Mapping[str, Any], serving: Sequence[Mapping[str, Any]]) -> bool:
    """Whether the agent whose call it is lives, or had left it to an outsider before."""
    had_agent = any(
        party["role"] == Role.AGENT.value and party["joined_at"] is not None for party in record["parties"]
    )
    return not had_agent or any(party["role"] == Role.AGENT.value for party in serving)
