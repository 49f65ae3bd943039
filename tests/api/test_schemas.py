"""Binding: any value is either understood or named as wrong."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.requests import CallsQuery, LoginBody
from api.schemas import InvalidRequest, bind

_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


def faults_of(cls: type, given_values: dict[str, Any], *, is_text: bool) -> set[str] | None:
    """The names that are wrong; None when all is well."""
    try:
        bind(cls, given_values, is_text=is_text)
    except InvalidRequest as error:
        return {fault.field for fault in error.faults}
    return None


@given(st.dictionaries(st.sampled_from(["extension", "initial_state", "reason", "x"]) | st.text(), _json))
def test_any_body_is_bound_or_refused(body: dict[str, Any]) -> None:
    """Nothing but `InvalidRequest` comes out, and it names something."""
    faults = faults_of(LoginBody, body, is_text=False)
    assert faults is None or faults


@given(st.dictionaries(st.sampled_from(["from", "to", "limit", "active", "agent", "cursor"]), st.text()))
def test_any_query_is_bound_or_refused(query: dict[str, str]) -> None:
    """Times and numbers that are none are refused by name."""
    assert (faults_of(CallsQuery, query, is_text=True) or set()) <= set(query)


def test_all_faults_are_named_at_once() -> None:
    """So that a client is mended in one go."""
    with pytest.raises(InvalidRequest) as caught:
        bind(LoginBody, {"extension": "x", "colour": 1}, is_text=False)
    assert {(fault.field, fault.code) for fault in caught.value.faults} == {
        ("colour", "unknown_field"),
        ("extension", "not_allowed"),
        ("initial_state", "missing"),
    }
