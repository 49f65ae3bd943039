"""Skills that are written in two ways: what one agent has and nobody needs, with a name much like one that is needed.

The file has no list of skills, so a name is right that stands on both sides, with agents and with what callers need.  One
that stands on one side alone may be meant so (a contact can ask for it later), unless it is nearly one of the other side.
"""

import difflib
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from softswitch.settings.distribution import SkillSettings
from softswitch.settings.terms import Fault

LIKENESS: Final = 0.8
"""Of two names that are probably one: `tax` and `taxx`, and not `tax` and `fax`."""

Uses = Sequence[tuple[str, Iterable[SkillSettings]]]
"""Where skills stand: the path, and the skills."""


def misspelt_skills(had: Uses, needed: Uses) -> Iterator[Fault]:
    """Each place of a name that is probably a slip for one of the other side."""
    for here, there, nobody in (
        (had, needed, "无队列要求技能 {0},是否为 {1}? / no queue needs the skill {0}, did you mean {1}?"),
        (needed, had, "无坐席具备技能 {0},是否为 {1}? / no agent has the skill {0}, did you mean {1}?"),
    ):
        known = {skill.name for _, skills in there for skill in skills}
        for path, skills in here:
            for skill in skills:
                meant = "" if skill.name in known else _meant(skill.name, known)
                if meant:
                    yield path, nobody.format(repr(skill.name), repr(meant))


def _meant(name: str, known: Iterable[str]) -> str:
    """The name that was probably meant, empty for none."""
    return next((each for each in sorted(known) if _is_slip(name.lower(), each.lower())), "")


def _is_slip(name: str, other: str) -> bool:
    """Whether two names are probably one: nearly alike, or with letters that changed places; `tax1` and `tax2` are two."""
    if re.sub(r"\d", "", name) == re.sub(r"\d", "", other) and name != other:
        return False
    likeness = difflib.SequenceMatcher(None, name, other).ratio()
    return likeness >= LIKENESS or sorted(name) == sorted(other)
