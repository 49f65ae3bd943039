"""Names of things: ids that must not be mixed up.

They are chosen by whoever feeds the engine (offer ids by the engine itself) and compare as text.
"""

from typing import NewType

AgentId = NewType("AgentId", str)
"""An agent's number (工号)."""

ContactId = NewType("ContactId", str)
"""A caller, or later a message, that wants an agent; the call's id."""

QueueName = NewType("QueueName", str)
"""A queue, unique in the engine."""

OfferId = NewType("OfferId", str)
"""One attempt to bring one contact to one agent; never used twice."""

SkillName = NewType("SkillName", str)
"""Something that agents can and contacts need."""
