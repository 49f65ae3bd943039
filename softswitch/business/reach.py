"""Numbers that flows name and nobody can be rung at: told before a caller is sent there in vain."""

from collections.abc import Iterator, Mapping
from typing import Protocol

from config.faults import Fault
from softswitch.calls.numbers import normalise
from softswitch.flows.nodes import Callback, Flow, Transfer
from softswitch.settings.accounts import AccountSettings
from softswitch.settings.agents import AgentSettings
from softswitch.settings.outbound import OutboundSettings


class Reachable(Protocol):
    """The business as far as it says who can be rung, and by whom."""

    @property
    def agents(self) -> tuple[AgentSettings, ...]:
        """Everybody who can be rung by the 工号."""
        ...

    @property
    def accounts(self) -> tuple[AccountSettings, ...]:
        """Every seat."""
        ...

    @property
    def outbound(self) -> tuple[OutboundSettings, ...]:
        """What may be called outside."""
        ...

    @property
    def flows(self) -> Mapping[str, Flow]:
        """Every flow by its id."""
        ...


def out_of_reach(business: Reachable, area_code: str) -> Iterator[Fault]:
    """Each number of a flow's transfer or callback that no seat has and no outbound rule takes.

    One with a place to be filled in (`{name}`) is known in the call only: there the flow goes on by `otherwise`.
    """
    seats = {account.extension for account in business.accounts} | {agent.id for agent in business.agents}

    def is_outside(number: str) -> bool:
        return any(rule.takes(normalise(number, area_code)) for rule in business.outbound)

    for flow in business.flows.values():
        for name, node in flow.nodes.items():
            place = f"flows.{flow.id}.nodes.{name}"
            match node:
                case Transfer(to=to) if "{" not in to and to not in seats and not is_outside(to):
                    expected = "既非分机或工号,也无外呼规则适用 / no extension or agent, and no outbound rule takes it"
                    yield Fault(path=f"{place}.to", value=to, expected=expected)
                case Callback(number=number) if "{" not in number and not is_outside(number):
                    yield Fault(
                        path=f"{place}.number",
                        value=number,
                        expected="没有外呼规则适用 / no outbound rule takes it",
                    )
                case _:
                    pass
