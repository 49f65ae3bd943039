"""What the system does for those who operate it: it rings them about alarms, and checks itself once a day."""

import secrets
from collections.abc import Callable

from api.event_stream import EventStream
from softswitch.business.desk import BusinessDesk
from softswitch.business.seed import shipped_prompts
from softswitch.calls.leg_audience import LegAudience
from softswitch.calls.leg_desk import LegDesk
from softswitch.calls.routes import Routes
from softswitch.calls.seats import Seats
from softswitch.calls.switchboard import Switchboard
from softswitch.calls.trunks import Trunks
from softswitch.cells.pool import CellPool
from softswitch.clock import Clock
from softswitch.operations.alarm_calls import AlarmCalls
from softswitch.operations.control_room import ControlRoom
from softswitch.operations.errands import ALARM_TEST, SELF_CHECK
from softswitch.operations.self_check import SelfCheck
from softswitch.operations.test_call import TestCall
from softswitch.settings.whole import Settings
from softswitch.store.entries import Entry
from softswitch.store.reader import Reader
from softswitch.store.state import StateKeeper


class Upkeep:
    """Puts both together; `open` begins."""

    def __init__(
        self,
        settings: Settings,
        *,
        room: ControlRoom,
        board: Switchboard,
        legs: LegDesk,
        audience: LegAudience,
        seats: Seats,
        trunks: Trunks,
        routes: Routes,
        pool: CellPool,
        desk: BusinessDesk,
        reader: Reader,
        record: Callable[[Entry], None],
        keeper: StateKeeper,
        stream: EventStream,
        clock: Clock,
    ) -> None:
        """`settings` have the line of test calls, where there is one."""
        self._alarm_calls = AlarmCalls(
            settings.alarm_calls,
            alarms=room.alarms,
            roster=lambda: desk.business,
            account_of=seats.account_of,
            directory=board.directory,
            legs=legs,
            audience=audience,
            trunks=trunks,
            record=record,
            keeper=keeper,
            clock=clock,
            prompts=shipped_prompts(settings),
            token=secrets.token_hex,
        )
        self.test_call = TestCall(
            legs=legs,
            audience=audience,
            trunks=trunks,
            routes=routes,
            board=board,
            stream=stream,
            clock=clock,
            area_code=settings.node.area_code,
            token=secrets.token_hex,
        )
        self.self_check = SelfCheck(
            settings.self_check,
            node=settings.node.name,
            data_dir=settings.node.data_dir.absolute(),
            call=self.test_call,
            alarms=room.alarms,
            trunks=trunks,
            free_slots=lambda: pool.free_slots,
            certificates=lambda: [each.name for each in room.certificates()],
            reader=reader,
            clock=clock,
        )
        room.errands = {ALARM_TEST: room.drill, SELF_CHECK: self.self_check.begin}

    def open(self) -> None:
        """Begin."""
        self._alarm_calls.open()
        self.self_check.open()

    def stop_calling(self) -> None:
        """Ring nobody any more: the system stops."""
        self._alarm_calls.close()

    def clock_set(self, by_s: float) -> None:
        """The wall clock was set: who is to be rung about alarms is rung when they would have been."""
        self._alarm_calls.clock_set(by_s)

    async def close(self) -> None:
        """Stop all of it."""
        self.stop_calling()
        await self.self_check.close()
