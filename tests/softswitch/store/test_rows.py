"""The row classes are the tables."""

import dataclasses
import sqlite3

import pytest

from softswitch.store import schema
from softswitch.store.rows import CallRow, IntervalRow, RecordingRow, SegmentRow, VoicemailRow


@pytest.mark.parametrize(
    ("cls", "table"),
    [
        (CallRow, "calls"),
        (SegmentRow, "segments"),
        (IntervalRow, "agent_intervals"),
        (RecordingRow, "recordings"),
        (VoicemailRow, "voicemails"),
    ],
)
def test_a_row_has_the_columns_of_its_table(cls: type, table: str) -> None:
    """Name by name; what may be None may be NULL."""
    connection = sqlite3.connect(":memory:", isolation_level=None)
    schema.migrate(connection, schema.shipped_migrations(), 0.0)
    columns = {row[1]: not row[3] and not row[5] for row in connection.execute(f"PRAGMA table_info({table})")}
    fields = {field.name: "None" in str(field.type) for field in dataclasses.fields(cls)}
    assert fields == columns
