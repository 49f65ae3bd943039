"""What a branch can ask of the world, and how an answer is tested."""

from typing import Protocol

from softswitch.flows.nodes import Case, number_of

Fact = bool | float | str


class Facts(Protocol):
    """The world as it is at the moment of the question."""

    def fact(self, name: str, of: str) -> Fact:
        """The fact of that name (`softswitch.flows.nodes.FACTS`); never raises, whatever `of` names."""
        ...


def holds(case: Case, fact: Fact) -> bool:
    """Whether a fact passes the test of a case."""
    match case.test, fact:
        case "is", bool():
            return fact is (case.value == "true")
        case "is_not", bool():
            return fact is not (case.value == "true")
        case "begins", str():
            return fact.startswith(case.value)
        case (("at_least" | "at_most"), _):
            number, bound = _number(fact), number_of(case.value)
            if number is None or bound is None:
                return False
            return number >= bound if case.test == "at_least" else number <= bound
        case (("is" | "is_not"), _):
            return _same(fact, case.value) is (case.test == "is")
    return False


def _number(fact: Fact) -> float | None:
    return number_of(fact) if isinstance(fact, str) else float(fact)


def _same(fact: Fact, value: str) -> bool:
    return fact == value if isinstance(fact, str) else float(fact) == number_of(value)
