"""Control's composition root: one asyncio loop that holds edge, call control, ACD engine, store and HTTP interface.

Start and stop, and who knows whom; the work is done by the parts.
"""

import asyncio
import secrets
from collections.abc import Callable
from typing import Any

import structlog

from acd.commands import Command as AcdCommand
from api.app import make_app
from api.event_stream import EventStream
from api.faults import Conflict
from api.ports import Ports
from api.request_pace import RequestLimits
from api.server import HttpServer, serve
from api.sessions import SessionLimits
from api.tokens import Token
from api.views import PartView
from softswitch.business.changes import Change
from softswitch.business.desk import BusinessDesk
from softswitch.business.live import LiveBusiness
from softswitch.business.past_flows import begun, past_flows
from softswitch.business.prompt_shelf import PromptShelf
from softswitch.business.seed import shipped_prompts, speech_of, uploads_of
from softswitch.business.shapes import flow_shape, kind_shapes
from softswitch.business.sound_folder import SoundFolder
from softswitch.business.staff import staff_of
from softswitch.business.whole import Business
from softswitch.calendars.desk import CalendarDesk
from softswitch.calendars.watch import HoursWatch
from softswitch.calls.callback_desk import CallbackDesk
from softswitch.calls.chronicle import Chronicle, shown_kinds
from softswitch.calls.dispatcher import Dispatcher
from softswitch.calls.flow import FlowDesk
from softswitch.calls.flow_census import FlowCensus
from softswitch.calls.leg_audience import LegAudience
from softswitch.calls.leg_desk import LegDesk
from softswitch.calls.lookups import Lookups
from softswitch.calls.operations import Operations
from softswitch.calls.recording_desk import RecordingDesk
from softswitch.calls.routes import Routes
from softswitch.calls.seats import Seats
from softswitch.calls.set_clock import SetClock
from softswitch.calls.switchboard import TABLE as LIVE_CALLS
from softswitch.calls.switchboard import Switchboard
from softswitch.calls.trunks import Trunks
from softswitch.calls.voicemail_desk import VoicemailDesk
from softswitch.calls.what_if import WhatIf
from softswitch.campaigns.book import ListBook
from softswitch.campaigns.desk import CallListDesk
from softswitch.campaigns.dialling import Dialling
from softswitch.campaigns.write_ahead import WriteAhead
from softswitch.cells.pool import CellPool
from softswitch.clock import Clock
from softswitch.closing_time import ClosingTime
from softswitch.contacts.desk import ContactDesk
from softswitch.customers.desk import CustomerDesk
from softswitch.decisions.archive import DecisionArchive
from softswitch.decisions.journal import FOLDER as DECISIONS
from softswitch.decisions.journal import DecisionJournal, JournaledEngine
from softswitch.ears import Ears
from softswitch.heartbeat import Heartbeat
from softswitch.https import certificate_of
from softswitch.kept_lead import KeptLead, boot_id
from softswitch.news import PLANE_ID, News, Readers
from softswitch.operations.alarms import AlarmKind
from softswitch.operations.control_room import ControlRoom
from softswitch.operations.emergency_codes import EmergencyCodes
from softswitch.operations.healer import Healer
from softswitch.operations.test_line import with_test_line
from softswitch.operations.upkeep import Upkeep
from softswitch.overview import Overview, product_version
from softswitch.people import People
from softswitch.plane_link import Held, PlaneLink
from softswitch.settings.whole import Settings
from softswitch.sip.edge import Edge
from softswitch.sip.invite_log import InviteLog
from softswitch.speech.desk import SpeechDesk
from softswitch.speech.synthesis import Synthesis, voices_of
from softswitch.store import entries
from softswitch.store.business import StoredVersions
from softswitch.store.caller_past import CallerPast
from softswitch.store.calls import StoredCalls
from softswitch.store.data_folder import RECORDINGS
from softswitch.store.errors import StoreClosed
from softswitch.store.figures import StoredFigures
from softswitch.store.forced_actions import ForcedActions
from softswitch.store.reader import Reader
from softswitch.store.recordings import StoredRecordings
from softswitch.store.voicemails import StoredVoicemails
from softswitch.store.writer import Store
from softswitch.succession import Succession
from softswitch.webhooks.desk import WebhookDesk
from softswitch.work_orders import WorkOrders

log = structlog.get_logger(__name__)

WRITTEN_TIMEOUT_S = 0.25


class Control:
    """The control process."""

    def __init__(
        self,
        settings: Settings,
        store: Store,
        reader: Reader,
        secret: str,
        desk: BusinessDesk,
        customers: CustomerDesk,
        past: CallerPast,
    ) -> None:
        """Put the parts together; nothing runs before `start`.

        `desk` and `customers` are open: they have the business and the customers as they stand.
        """
        settings = with_test_line(settings)
        self._desk = desk
        self._customers = customers
        customers.publish = self._publish
        business = desk.business
        self._settings = settings
        self._store = store
        self._reader = reader
        self._is_ready = False
        self._server: HttpServer | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        clock = self._clock = Clock(asyncio.get_running_loop())
        self._news = News(clock)
        self._stream = EventStream(secrets.token_hex(6), clock.wall, self._snapshot)
        self._chronicle = Chronicle(store, self._stream)
        run = secrets.token_hex(3)
        decisions = DecisionJournal(
            settings.node.data_dir.absolute() / DECISIONS, run, wall=clock.wall(), now=clock.now()
        )
        self._dispatcher = Dispatcher(JournaledEngine(run, decisions, explains=True), clock, self._carry_out)
        self._edge = Edge(
            settings.sip,
            settings.trunks,
            business.accounts,
            node_name=settings.node.name,
            secret=secret,
            clock=clock,
            on_event=self._news.hear_edge,
            keep=store,
            when_kept=self._when_written,
            invites=InviteLog(settings.node.run_dir / "invites", clock.wall),
        )
        self._pool = CellPool(
            settings.node.run_dir,
            wake=self._edge.wake,
            on_event=self._news.hear_cell,
            on_lost=self._news.lose_cell,
            on_started=lambda cell: self._edge.cell_started(cell.cell_id, cell.address, cell.port),
            on_ended=self._edge.cell_ended,
            spare_legs=settings.cells.spare_legs,
        )
        self._plane = PlaneLink(
            settings.node.run_dir,
            PLANE_ID,
            on_event=self._news.hear_plane,
            on_found=self._meet_plane,
            on_lost=self._news.lose_plane,
        )
        desk.sounds = SoundFolder(uploads_of(settings))
        self._prompts = PromptShelf(desk, desk.sounds, shipped_prompts(settings), self._plane.send)
        self._trunks = Trunks(settings.trunks)
        routes = Routes(business.routes, settings.node.area_code)
        self._recordings = RecordingDesk(self._chronicle, clock)
        self._board = Switchboard(
            tell_plane=self._plane.send,
            plane_is_there=lambda: self._plane.is_there,
            dispatcher=self._dispatcher,
            chronicle=self._chronicle,
            keeper=store,
            clock=clock,
            trunks=self._trunks,
            routes=routes,
            queues=business.queues,
            area_code=settings.node.area_code,
            recordings=self._recordings,
            recordings_dir=settings.node.data_dir.absolute() / RECORDINGS,
            records_internal=settings.recording.internal_calls,
            accounts=business.accounts,
            outbound=business.outbound,
            hotlines=tuple(route.number for route in business.routes),
        )
        self._board.table.callers.customer_level = customers.level_of
        self._board.table.callers.past = past
        self._board.callbacks.business = desk
        self._board.decisions.archive = DecisionArchive(decisions.folder)
        self._audience = LegAudience()
        self._audience.switchboard = self._board
        self._legs = self._board.legs = LegDesk(
            edge=self._edge,
            pool=self._pool,
            tell_plane=self._plane.send,
            clock=clock,
            accounts=business.accounts,
            trunks=settings.trunks,
            trunk_patience_s=settings.sip.trunk_patience_s,
            listener=self._audience,
        )
        self.call_of = self._legs.call_of
        self._seats = self._board.seats = Seats(
            agents=staff_of(business.agents, business.groups),
            accounts=business.accounts,
            dispatcher=self._dispatcher,
            chronicle=self._chronicle,
            keeper=store,
            clock=clock,
            is_reachable=self._edge.is_reachable,
        )
        set_clock = SetClock(clock, self._board.table, self._chronicle)
        clock.on_set += (set_clock.hear, self._seats.clock_set, self._edge.clock_set)
        clock.on_set += (self._board.callbacks.clock_set, self._board.contacts.clock_set)
        self._kept_lead = KeptLead(clock, store, boot_id())
        clock.on_set.append(self._kept_lead.clock_set)

        self._orders = WorkOrders(settings.http.work_orders, settings.http.work_orders_timeout_s)
        self._lookups = Lookups(settings.flows.lookup_hosts, may_be_private=settings.flows.lookup_private)
        self._speech = SpeechDesk(
            Synthesis(speech_of(settings), voices_of(settings.flows)),
            self._plane.send,
            self._prompts.has,
            timeout_s=settings.flows.speech_timeout_s,
        )
        self._flows = self._board.flows = FlowDesk(
            self._board.table,
            self._board.queue_desk,
            desk,
            self._lookups,
            self._recordings,
            settings.node.data_dir.absolute() / "voicemail",
            secrets.token_hex,
        )
        self._flows.speaks = self._speech.say
        book = ListBook(store, self._chronicle, clock, store.committed)
        self._dialling = Dialling(
            book, self._board, lambda: desk.business, clock, WriteAhead(store.committed)
        )
        self._call_lists = CallListDesk(
            book,
            self._dialling,
            self._board.directory,
            queues=lambda: self._board.table.queues,
            openings=lambda: desk.business.openings,
            clock=clock,
            area_code=settings.node.area_code,
        )
        self._people = People(business.agents)
        self._live = LiveBusiness(
            dispatcher=self._dispatcher,
            seats=self._seats,
            routes=routes,
            board=self._board,
            people=self._people,
            trunks=self._trunks,
            directory=self._board.directory,
            phones=(self._edge, self._legs, self._board.lines),
            publish=self._publish,
        )
        self._hours = HoursWatch(self._dispatcher, clock, self._missing_year)
        desk.take, desk.prepare = self._take_business, self._speech.faults
        self._overview = Overview(
            edge=self._edge,
            pool=self._pool,
            plane=self._plane,
            store=store,
            engine=self._dispatcher.engine,
            seats=self._seats,
            board=self._board,
            trunks=self._trunks,
            clock=clock,
            is_ready=lambda: self._is_ready,
            more_parts=self._more_parts,
        )
        self._ears = Ears(
            find=self._board.table.find,
            tell_plane=self._plane.send,
            chronicle=self._chronicle,
            stream=self._stream,
            wall=clock.wall,
            token=lambda: secrets.token_hex(6),
        )
        self._board.table.settled = self._ears.settled
        self._webhooks = WebhookDesk(
            settings.http.webhooks,
            reader=reader,
            keeper=store,
            stream=self._stream,
            node=settings.node.name,
            wall=clock.wall,
        )
        self._certificate = certificate_of(settings.http, is_needed=False)
        self._room = ControlRoom(
            edge=self._edge,
            pool=self._pool,
            plane=self._plane,
            store=store,
            engine=self._dispatcher.engine,
            seats=self._seats,
            board=self._board,
            trunks=self._trunks,
            record=self._chronicle.record,
            keeper=store,
            stream=self._stream,
            clock=clock,
            node=settings.node,
            keep_free_mb=settings.recording.keep_free_mb,
            certificates=lambda: (*self._edge.certificates, *filter(None, (self._certificate,))),
        )
        self._upkeep = Upkeep(
            settings,
            room=self._room,
            board=self._board,
            legs=self._legs,
            audience=self._audience,
            seats=self._seats,
            trunks=self._trunks,
            routes=routes,
            pool=self._pool,
            desk=desk,
            reader=reader,
            record=self._chronicle.record,
            keeper=store,
            stream=self._stream,
            clock=clock,
        )
        clock.on_set.append(self._upkeep.clock_set)
        self._codes = EmergencyCodes(
            desk,
            directory=self._board.directory,
            legs=self._legs,
            audience=self._audience,
            clock=clock,
            token=secrets.token_hex,
        )
        self._board.outgoing.is_service_code = self._codes.dialled
        self._healer = Healer(
            edge=self._edge,
            pool=self._pool,
            plane=self._plane,
            legs=self._legs,
            board=self._board,
            trunks=self._trunks,
            recordings=self._recordings,
            dispatcher=self._dispatcher,
            record=self._chronicle.record,
            clock=clock,
        )
        self._news.readers = Readers(
            legs=self._legs,
            audience=self._audience,
            board=self._board,
            seats=self._seats,
            trunks=self._trunks,
            recordings=self._recordings,
            ears=self._ears,
            room=self._room,
            chronicle=self._chronicle,
            test_call=self._upkeep.test_call,
        )
        self.closing = ClosingTime(
            news=self._news,
            board=self._board,
            legs=self._legs,
            recordings=self._recordings,
            edge=self._edge,
            dialling=self._dialling,
            upkeep=self._upkeep,
            clock=clock,
        )
        self._edge.listen_in(self._room.sip_trace.note_outside, self._room.sip_trace.note_inside)

    # ---- life --------------------------------------------------------------------------------------

    async def start(self) -> None:
        """Find cells and plane, adopt what they hold, then let calls in."""
        self._kept_lead.resume()
        self._edge.restore(*[self._store.load(table) for table in ("binding", "dialog", "trunk_address")])
        await self._edge.start()
        await self._pool.start()
        await self._plane.start()
        self._live.define_queues(self._desk.business)
        self._hours.take(self._desk.business)
        self._tell_emergency(self._desk.business)
        succession = Succession(
            edge=self._edge,
            pool=self._pool,
            tell_plane=self._plane.send,
            legs=self._legs,
            board=self._board,
            seats=self._seats,
            recordings=self._recordings,
            dispatcher=self._dispatcher,
            store=self._store,
            reader=self._reader,
            clock=self._clock,
        )
        self._flows.past = await past_flows(
            StoredVersions(self._reader), begun(self._store.load(LIVE_CALLS).values())
        )
        await succession.take_over(self._news.held_in_cells, self._news.held_by_plane)
        self._kept_lead.catch_up()
        self._room.open()
        self._healer.open()
        self._is_ready = True
        self._news.open()
        self._speech.open(self._desk.business)
        self._webhooks.open()
        self._ears.open()
        self._dialling.open()
        self._upkeep.open()
        await self._serve_http()
        Heartbeat(self._settings.node.run_dir, self._clock).begin()
        log.info(
            "control.ready", calls=len(self._board.calls()), agents=len(self._dispatcher.engine.agents())
        )

    def _more_parts(self) -> tuple[PartView, ...]:
        healed = f"healed={self._healer.healed}"
        parts = [self._room.part(), PartView(name="reconciliation", ok=True, detail=healed)]
        if (switch := self._desk.business.emergency) is not None:
            parts.append(PartView(name="emergency", ok=True, detail=switch.means))
        if self.closing.is_draining:
            parts.append(PartView(name="draining", ok=False, detail=f"calls={len(self._board.calls())}"))
        return tuple(parts)

    async def stop(self) -> None:
        """Leave: calls go on without us until a new control adopts them."""
        if self._server is not None:
            await self._server.close()
        self._is_ready = False
        self._news.close()
        self._ears.close()
        await self._upkeep.close()
        self._dialling.close()
        await self._webhooks.close()
        self._healer.close()
        await self._room.close()
        self._hours.close()
        await self._lookups.close()
        await self._speech.close()
        await self._codes.close()
        await self._orders.close()
        await self._recordings.wait_repaired()
        await self._plane.stop()
        await self._pool.stop()
        await self._edge.stop()

    async def _serve_http(self) -> None:
        http = self._settings.http
        tokens = [Token(name=t.name, sha256=t.sha256, scopes=t.scopes) for t in http.tokens]
        app = make_app(
            self._ports(),
            tokens,
            version=product_version(),
            kinds=shown_kinds(),
            shapes=kind_shapes() | {"flows": flow_shape()},
            embedders=http.embedders,
            screen_pop=http.screen_pop,
            hosts=http.hosts,
            session_limits=SessionLimits(idle_s=http.session_idle_s, most_s=http.session_most_s),
            request_limits=RequestLimits(per_s=http.request_rate, at_once=http.request_burst),
            is_supervision_shown=http.supervision_shown,
        )
        self._server = await serve(app, http.address, http.port, self._certificate)

    def _ports(self) -> Ports:
        """Whom the interface asks."""
        operations = Operations(self._board, self._seats)
        return Ports(
            agents=self._seats,
            calls=StoredCalls(self._reader, self._hang_up, self._board.running),
            operations=operations,
            recordings=StoredRecordings(self._reader),
            health=self._overview,
            events=self._stream,
            figures=StoredFigures(self._reader),
            decisions=self._board.decisions,
            self_checks=self._upkeep.self_check,
            watch=self._room,
            webhooks=self._webhooks,
            listening=self._ears,
            ledger=ForcedActions(self._reader, self._chronicle.record, self._clock.wall),
            people=self._people,
            business=self._desk,
            customers=self._customers,
            orders=self._orders if self._settings.http.work_orders else None,
            prompts=self._prompts,
            calendars=CalendarDesk(self._desk, self._clock.wall),
            flow_callers=FlowCensus(self._board.table),
            what_if=WhatIf(
                self._desk,
                self._dispatcher,
                self._clock,
                self._settings.node.area_code,
                numbers_of=self._trunks.numbers_of,
                customer_level=self._customers.level_of,
            ),
            call_lists=self._call_lists,
            callbacks=CallbackDesk(self._board.callbacks, self._board.table),
            contacts=ContactDesk(
                self._board.contacts, lambda: self._desk.business.agents, self._store.committed
            ),
            voicemails=VoicemailDesk(
                StoredVoicemails(self._reader),
                self._board.contacts,
                self._board.table,
                operations.dial,
                lambda: self._desk.business,
            ),
            keeper=self._store,
        )

    # ---- the business ----------------------------------------------------------------------------------

    def _take_business(self, business: Business, changes: tuple[Change, ...], version: int) -> None:
        self._live.take(business, changes, version)
        self._prompts.take(changes)
        self._speech.take(business)
        self._hours.take(business)
        self._tell_emergency(business)

    def _meet_plane(self, held: Held) -> None:
        self._prompts.tell_all()
        self._speech.tell_all()
        self._news.find_plane(held)

    def _tell_emergency(self, business: Business) -> None:
        """The switch is seen by everybody until it is off."""
        switch = business.emergency
        if switch is None:
            self._room.alarms.clear(AlarmKind.EMERGENCY_ON)
        else:
            self._room.alarms.raise_alarm(AlarmKind.EMERGENCY_ON, detail=switch.means)

    def _missing_year(self, year: int | None) -> None:
        self._live.remove_queues()  # the calendars are looked at: so are queues that were not empty yet
        if year is None:
            self._room.alarms.clear(AlarmKind.HOLIDAYS_UNKNOWN)
        else:
            self._room.alarms.raise_alarm(AlarmKind.HOLIDAYS_UNKNOWN, detail=str(year))

    def _publish(self, kind: str, fields: dict[str, Any]) -> None:
        self._stream.publish(kind, fields, self._clock.wall())

    # Stream and engine are made before the parts that they speak to.

    def _snapshot(self) -> dict[str, Any]:
        return self._overview.snapshot()

    def _carry_out(self, order: AcdCommand) -> None:
        self._board.carry_out(order)

    def hear_store(self, alarm: entries.AlarmRaised | entries.AlarmCleared) -> None:
        """The disk refuses, or writes again: written down as soon as it can be, told at once."""
        self._chronicle.record(alarm)

    # ---- news --------------------------------------------------------------------------------------

    def _when_written(self, action: Callable[[], None]) -> None:
        """Do something once all that was recorded up to now is on the disk.

        A disk that hangs must not keep callers out: after `WRITTEN_TIMEOUT_S` it is done all the same.
        """

        async def work() -> None:
            try:
                async with asyncio.timeout(WRITTEN_TIMEOUT_S):
                    await self._store.committed()
            except (TimeoutError, StoreClosed):
                log.warning("store.late")
            self._news.guarded(action)

        task = asyncio.get_running_loop().create_task(work())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    # ---- what the HTTP interface asks ------------------------------------------------------------------

    async def _hang_up(self, call_id: str, reason: str) -> None:
        if not self._board.hang_up(call_id, reason):
            raise Conflict("call_ended", "通话已结束 / the call has ended", "ended")
