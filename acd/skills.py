"""Skills: what a contact needs, what an agent can, and how the one is measured by the other.

A level is 1 for a beginner and grows; who has not the skill at all has level 0 in it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import ClassVar, Self
from weakref import WeakValueDictionary

from acd.checks import check_at_least, check_named
from acd.medium import Medium
from acd.names import SkillName


@dataclass(frozen=True, slots=True, kw_only=True)
class SkillLevel:
    """A skill at a level: with an agent the one they have, with a contact the least that will do."""

    skill: SkillName
    level: int = 1

    def __post_init__(self) -> None:
        """Check the ranges."""
        check_named(self, skill=self.skill)
        check_at_least(self, 1, level=self.level)


@dataclass(frozen=True, slots=True, kw_only=True)
class Widening:
    """From `after_s` of waiting on, every required level is lower by `lower_by`; at 0 nobody is left out for it."""

    after_s: float
    lower_by: int = 1

    def __post_init__(self) -> None:
        """Check the ranges."""
        check_at_least(self, 0, after_s=self.after_s)
        check_at_least(self, 1, lower_by=self.lower_by)


Levels = tuple[tuple[SkillName, int], ...]
"""Skills with their least levels, by name."""


class Need:
    """What an agent must have to be offered a contact: skills with their least levels, by name, and room for its medium.

    A level of 0 excludes nobody and still says whom the contact goes to first.  Never changed after it was made.

    Equal needs are one object.  Every decision asks, for every kind of contact that waits, how an agent fits its need: so
    found, by what it is and not by what is in it, that costs a fifth.
    """

    __slots__ = ("__weakref__", "_bare", "medium", "skills")

    skills: Levels
    medium: Medium
    _bare: "Need | None"

    _known: ClassVar[WeakValueDictionary[tuple[Levels, Medium], Self]] = WeakValueDictionary()

    def __new__(cls, skills: Levels = (), medium: Medium = Medium.VOICE) -> Self:
        """Return the one need with these skills and this medium."""
        known = cls._known.get((skills, medium))
        if known is None:
            known = cls._known[skills, medium] = super().__new__(cls)
            known.skills, known.medium = skills, medium
            is_bare = not any(level for _, level in skills)
            known._bare = None if is_bare else Need(tuple((skill, 0) for skill, _ in skills), medium)
        return known

    @property
    def bare(self) -> "Need":
        """The same skills, at whatever level."""
        return self._bare or self

    def __repr__(self) -> str:
        """What is in it."""
        return f"Need({self.skills!r}, {self.medium!r})"


ANYBODY = Need()
"""The need of a call that every agent of the queue may serve."""


@lru_cache(maxsize=1024)
def need_of(skills: tuple[SkillLevel, ...], medium: Medium = Medium.VOICE) -> Need:
    """Return the need that is made of required levels and a medium."""
    if not skills and medium is Medium.VOICE:
        return ANYBODY
    return Need(tuple(sorted((each.skill, each.level) for each in skills)), medium)


def lowered(need: Need, by: int) -> Need:
    """Return the need with every level lower, 0 at the least."""
    return Need(tuple((skill, max(0, level - by)) for skill, level in need.skills), need.medium)


def fit(skills: Mapping[SkillName, int], need: Need) -> int | None:
    """How well skills fit a need, whatever the medium: the sum of the levels asked for, None where one is too low."""
    total = 0
    for skill, least in need.skills:
        level = skills.get(skill, 0)
        if level < least:
            return None
        total += level
    return total


def widened(
    widening: tuple[Widening, ...], lowered_by: int, since: float, now: float
) -> tuple[int, float | None]:
    """By how much the levels are lowered at `now`, never less than they are, for one who has waited `since`, and from
    when on by more; None for never.
    """
    for step in widening:
        if step.lower_by > lowered_by and since + step.after_s <= now:
            lowered_by = step.lower_by
    coming = None
    for step in widening:
        if step.lower_by > lowered_by and (coming is None or since + step.after_s < coming):
            coming = since + step.after_s
    return lowered_by, coming
