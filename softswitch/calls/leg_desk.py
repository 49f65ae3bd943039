"""The life of a leg across its three owners: edge (dialog), cell (native call) and plane (sound).

Call control opens, answers and ends legs here and hears what became of them; it never speaks to the three itself.
A leg's steps are always: sockets at the plane, a slot in a cell, the INVITE; and back.
"""

from collections.abc import Callable, Collection, Iterable
from dataclasses import asdict

import structlog

from media import commands as plane_words
from media import events as plane_news
from softswitch.calls.cell_line import CellLine
from softswitch.calls.hangup import RECOVERY_ON_TIMER, TRUNK_FAULTS, LegEnd, reason_header
from softswitch.calls.hearing import Role, Row
from softswitch.calls.leg import AUTO_ANSWER, Header, Leg, LegState, TrunkWay
from softswitch.calls.leg_sound import LegSound
from softswitch.calls.ports import CellsPort, EdgePort, LegListener
from softswitch.calls.referral_notice import notice
from softswitch.calls.trunk_credentials import credentials_for
from softswitch.cells import messages as cell_words
from softswitch.cells.pool import NoCellFree
from softswitch.cells.pool import UnknownLeg as NoCellHasLeg
from softswitch.clock import Clock
from softswitch.settings.accounts import AccountSettings
from softswitch.settings.trunks import TrunkSettings
from softswitch.sip.edge import (
    NotAcceptable,
    NotReachable,
    PhoneTarget,
    TrunkTarget,
    UnknownCell,
    UnknownLeg,
    WrongPhase,
)
from softswitch.sip.events import (
    CallerWithdrew,
    CellRefused,
    DialogConfirmed,
    FarEndAnswered,
    FarEndLeft,
    InDialogRequestReceived,
    InviteReceived,
    RemoteMedia,
    RemoteMediaAgreed,
)

log = structlog.get_logger(__name__)

OPENING_TIMEOUT_S = 4.0
"""A plane that does not answer for so long is no plane."""


class LegDesk:
    """All legs of the node."""

    def __init__(
        self,
        *,
        edge: EdgePort,
        pool: CellsPort,
        tell_plane: Callable[[plane_words.Command], None],
        clock: Clock,
        accounts: Iterable[AccountSettings],
        trunks: Iterable[TrunkSettings] = (),
        trunk_patience_s: float = 3.0,
        listener: LegListener,
    ) -> None:
        """`tell_plane` sends one command; nothing is heard back but through `hear_plane`."""
        self._trunks = {trunk.name: trunk for trunk in trunks}
        self._trunk_patience_s = trunk_patience_s
        self.takes_detour: Callable[[Leg, TrunkWay, int], bool] = lambda leg, way, status: False
        self.answer_was_asked: Callable[[Leg, int], None] = lambda leg, status: None
        self._edge = edge
        self._pool = pool
        self._cell_line = CellLine(clock, place=self._place, refuse=self._find_no_cell)
        pool.on_room = self._cell_line.look
        self._sound = LegSound(tell_plane)
        self._clock = clock
        self.take_accounts(accounts)
        self._listener = listener
        self._legs: dict[str, Leg] = {}

    def take_accounts(self, accounts: Iterable[AccountSettings]) -> None:
        """These are the phones from now on; a leg that is there goes on."""
        self._accounts = {account.username: account for account in accounts}

    # ---- orders --------------------------------------------------------------------------------

    def open_inbound(self, invite: InviteReceived, call_id: str, role: Role) -> Leg:
        """Take in an INVITE: reserve sound, then carry it to a cell; `leg_arrived` follows."""
        leg = Leg(
            leg_id=invite.leg_id,
            call_id=call_id,
            role=role,
            inbound=True,
            networks=invite.networks,
            nat_address=invite.nat_address,
        )
        address = self._edge.local_address_for(leg.leg_id)
        log.info(
            "leg.invited",
            call_id=call_id,
            leg_id=leg.leg_id,
            role=role.value,
            source=f"{invite.transport} {invite.source_address}:{invite.source_port}",
            sip_call_id=invite.sip_call_id,
        )
        self._open(leg, address)
        return leg

    def refuse(self, leg_id: str, status: int, reason: str = "", headers: tuple[Header, ...] = ()) -> None:
        """Refuse an INVITE that becomes no leg; harmless when its caller withdrew already."""
        self._reject(leg_id, status, reason, headers)
        self._edge.forget(leg_id)

    def open_outbound(
        self,
        leg_id: str,
        call_id: str,
        role: Role,
        account: str,
        *,
        from_user: str,
        headers: tuple[Header, ...] = (),
    ) -> Leg:
        """Ring a phone.  Raises `NotReachable` when the account has no way to it; then there is no leg."""
        target = PhoneTarget(account=account)
        settings = self._accounts.get(account)
        if settings is None:
            raise NotReachable(account, "no such account")
        address = self._edge.local_address_towards(target)
        contacts = self._edge.contacts(account)
        leg = Leg(
            leg_id=leg_id,
            call_id=call_id,
            role=role,
            inbound=False,
            networks=settings.media_networks,
            nat_address=contacts[0].flow.address if settings.nat and contacts else None,
            target=target,
            from_user=from_user,
            headers=AUTO_ANSWER if settings.answers_by == "auto" and role is not Role.CUSTOMER else headers,
            can_be_asked=settings.answers_by in ("talk", "headers"),
            rings_anew=settings.answers_by == "headers",
        )
        self._open(leg, address)
        return leg

    def open_to_trunk(
        self, leg_id: str, call_id: str, role: Role, way: TrunkWay, detours: tuple[TrunkWay, ...] = ()
    ) -> Leg:
        """Call a number, by one of `detours` when the trunk does not take the call.

        Raises `NotReachable` for a trunk that takes no calls.
        """
        target = TrunkTarget(trunk=way.trunk, user=way.number)
        settings = self._trunks.get(way.trunk)
        if settings is None:
            raise NotReachable(way.trunk, "no such trunk")
        leg = Leg(
            leg_id=leg_id,
            call_id=call_id,
            role=role,
            inbound=False,
            networks=settings.media_networks,
            nat_address=None,
            target=target,
            from_user=way.from_user,
            detours=detours,
        )
        self._open(leg, self._edge.local_address_towards(target))
        return leg

    def adopt(self, leg: Leg) -> None:
        """Know a leg of before a restart, which edge, cell and plane still hold."""
        self._legs[leg.leg_id] = leg

    def answer(self, leg: Leg, status: int = 200) -> None:
        """Answer an inbound leg that arrived."""
        self._tell_cell(leg, cell_words.AnswerLeg(leg_id=leg.leg_id, status=status))

    def hang_up(
        self,
        leg: Leg,
        *,
        status: int = 0,
        cause: int = 16,
        headers: tuple[Header, ...] = (),
        reason: str = "",
    ) -> None:
        """End a leg: refusal with `status`, CANCEL or BYE, with its Q.850 cause; `leg_ended` follows."""
        if leg.is_over:
            return
        before = leg.state
        log.info("leg.ending", call_id=leg.call_id, leg_id=leg.leg_id, state=before.value, q850_cause=cause)
        in_cell = self._pool.cell_of(leg.leg_id) is not None
        leg.become(LegState.ENDING)
        all_headers = (reason_header(cause), *headers)
        if before is LegState.OPENING or not in_cell:
            if leg.inbound and before is LegState.OPENING:
                self._reject(leg.leg_id, status or 503, reason, all_headers)
            else:
                self._edge.finish(leg.leg_id, status or 503, cause)
            self._end(leg, LegEnd(status=status, q850_cause=cause, reason=reason))
            return
        self._tell_cell(
            leg, cell_words.HangUpLeg(leg_id=leg.leg_id, status=status or 603, headers=all_headers)
        )

    def set_hearing(self, rows: dict[str, Row]) -> None:
        """Tell the plane which rows changed."""
        for leg_id, row in rows.items():
            if leg := self._legs.get(leg_id):
                self._sound.hear(leg, row)

    def play(self, leg: Leg, playlist_id: str, prompts: tuple[str, ...]) -> None:
        """Play prompts to one leg."""
        self._sound.play(leg, playlist_id, prompts)

    def send_digits(self, leg: Leg, digits: str) -> None:
        """Press keys towards a leg's far end (RFC 4733)."""
        self._sound.send_digits(leg, digits)

    def report_referral(self, leg: Leg, status: int) -> None:
        """Tell a phone what became of the transfer that it asked for; 100 is not the last word."""
        if leg.is_talking:
            self._tell_cell(leg, notice(leg.leg_id, status))

    def ask_to_answer(self, leg: Leg) -> bool:
        """Ask a ringing phone to answer by itself; False when it is none that can be asked."""
        if not leg.can_be_asked or leg.state is not LegState.RINGING:
            return False
        self._tell_cell(
            leg, cell_words.SendRequest(leg_id=leg.leg_id, method="NOTIFY", headers=(("Event", "talk"),))
        )
        return True

    def sip_call_id(self, leg: Leg) -> str:
        """The Call-ID of a leg's dialog outside; empty when the edge does not have it."""
        try:
            return self._edge.leg(leg.leg_id).sip_call_id
        except UnknownLeg:
            return ""

    def find(self, leg_id: str) -> Leg | None:
        """Return a leg that is not over everywhere."""
        return self._legs.get(leg_id)

    def call_of(self, leg_id: str) -> str:
        """Return the call that a leg belongs to, "" when it is over or of none."""
        leg = self._legs.get(leg_id)
        return "" if leg is None else leg.call_id

    def all(self) -> tuple[Leg, ...]:
        """Return every leg."""
        return tuple(self._legs.values())

    @property
    def owed_figures(self) -> Collection[str]:
        """Legs that are over and whose sound the plane has not closed yet."""
        return self._sound.closing

    # ---- news of the plane -----------------------------------------------------------------------

    def hear_plane(self, event: plane_news.Event) -> None:
        """Take what the plane says of a leg."""
        match event:
            case plane_news.LegOpened():
                self._media_opened(event)
            case plane_news.LegClosed():
                self._sound.closed(event)
            case plane_news.MediaTimedOut():
                self._media_timed_out(event)
            case plane_news.LegRefused():
                leg = self._legs.get(event.leg_id)
                self._sound.never_opened(event.leg_id)
                log.warning("leg.media_refused", leg_id=event.leg_id, code=event.code, detail=event.detail)
                if leg is not None and event.code != "unknown_leg":
                    self.hang_up(leg, status=488 if event.code == "address_not_allowed" else 503, cause=41)
            case _:
                pass

    def _media_timed_out(self, event: plane_news.MediaTimedOut) -> None:
        """Nobody is there any more: lost like the leg of a dead cell, but with a BYE of its own."""
        leg = self._legs.get(event.leg_id)
        if leg is not None and not leg.is_over:
            log.warning(
                "leg.media_timed_out",
                call_id=leg.call_id,
                leg_id=leg.leg_id,
                silent_s=round(event.silent_s),
                is_paused=event.is_paused,
            )
            self.hang_up(leg, cause=RECOVERY_ON_TIMER)
            self._end(leg, LegEnd(q850_cause=RECOVERY_ON_TIMER, reason="RTP timeout", lost=True))

    def plane_lost(self, cause: int = 41) -> None:
        """The plane died: no leg has sound any more, each is ended from our side."""
        self._sound.owe(())
        for leg in self.all():
            leg.has_media = False
            self.hang_up(leg, status=503, cause=cause)

    def meet_plane(self, held: Collection[str]) -> bool:
        """Compare with what the plane holds after its link was cut; False when it is another plane.

        Another plane holds none of our legs: then all is lost.  The same one goes on, but for what was ordered in
        between and did not arrive: legs that it lacks are ended, legs that we do not know are closed.
        """
        believed = [leg for leg in self.all() if leg.has_media]
        lost = [leg for leg in believed if leg.leg_id not in held]
        if lost and len(lost) == len(believed):
            return False
        for leg in lost:
            leg.has_media = False
            self.hang_up(leg, status=503, cause=41)
        self._sound.owe(held)
        for leg_id in set(held) - self._legs.keys():
            self._sound.drop(leg_id)
        return True

    def _media_opened(self, event: plane_news.LegOpened) -> None:
        leg = self._legs.get(event.leg_id)
        if leg is None or leg.is_over:
            self._sound.drop(event.leg_id)
            return
        if leg.local is not None:
            return
        leg.local = (event.address, event.port)
        self._cell_line.enter(leg.leg_id)

    # ---- news of the cells -----------------------------------------------------------------------

    def hear_cell(self, cell_id: str, event: cell_words.CellEvent) -> None:
        """Take what a cell says of a leg."""
        leg = self._legs.get(getattr(event, "leg_id", ""))
        if leg is None:
            return
        match event:
            case cell_words.LegArrived() if leg.state is LegState.SETTING_UP:
                self._listener.leg_arrived(leg)
            case cell_words.LegConfirmed() if leg.state in (LegState.SETTING_UP, LegState.RINGING):
                leg.become(LegState.CONFIRMED)
                log.info("leg.confirmed", call_id=leg.call_id, leg_id=leg.leg_id, role=leg.role.value)
                self._listener.leg_confirmed(leg)
                if leg.asked_early is not None and leg.is_talking:
                    self._listener.leg_referred(leg, leg.asked_early)
            case cell_words.RequestAnswered(method="NOTIFY") if leg.state is LegState.RINGING:
                self.answer_was_asked(leg, event.status)
            case cell_words.LegEnded():
                self._end(leg, self._end_seen(leg, event.status, event.reason, by_far_end=event.by_far_end))
            case cell_words.LegFailed():
                self._failed(leg, cell_id, event)
            case _:
                pass

    def cell_lost(self, cell_id: str, leg_ids: Collection[str]) -> None:
        """A cell died: the edge ends what the outside still believes in."""
        for leg_id in leg_ids:
            self._edge.finish(leg_id, 503, 41)
            leg = self._legs.get(leg_id)
            log.warning("leg.lost", call_id=leg.call_id if leg else "", leg_id=leg_id, cell_id=cell_id)
            if leg is not None:
                self._end(leg, LegEnd(status=503, q850_cause=41, reason="cell lost", lost=True))

    def _failed(self, leg: Leg, cell_id: str, event: cell_words.LegFailed) -> None:
        log.warning("leg.command_failed", leg_id=leg.leg_id, call_id=leg.call_id, code=event.code)
        if event.code in ("cell_full", "retiring") and leg.state is LegState.SETTING_UP:
            self._place_again(leg, cell_id)
        elif event.code == "unknown_leg":
            self._edge.finish(leg.leg_id, 503, 41)
            self._end(leg, LegEnd(status=503, q850_cause=41, reason=event.code, lost=True))
        elif leg.state is LegState.SETTING_UP and leg.inbound:
            self.hang_up(leg, status=503, cause=41)  # it could not be answered: the cell still holds it
        elif leg.state in (LegState.SETTING_UP, LegState.ENDING):
            self._edge.finish(leg.leg_id, 503, 41)
            self._end(leg, LegEnd(status=500, q850_cause=41, reason=event.detail))

    # ---- news of the edge ------------------------------------------------------------------------

    def hear_edge(
        self,
        event: CallerWithdrew
        | CellRefused
        | RemoteMediaAgreed
        | DialogConfirmed
        | FarEndAnswered
        | FarEndLeft
        | InDialogRequestReceived,
    ) -> None:
        """Take what the edge says of a leg."""
        leg = self._legs.get(event.leg_id)
        if leg is None:
            return
        match event:
            case CallerWithdrew():
                self._end(leg, LegEnd(status=487, reason="cancelled", by_far_end=True))
            case FarEndLeft(method="BYE") if leg.state is LegState.CONFIRMED:
                # Its cell will say so too, a millisecond later: the agent is free now.
                self._end(leg, self._end_seen(leg, 200, "BYE", by_far_end=True))
            case CellRefused() if leg.state is LegState.SETTING_UP:
                self._place_again(leg, event.cell_id)
            case RemoteMediaAgreed():
                self._agreed(leg, event.media, early=event.early)
            case DialogConfirmed():
                if leg.has_media:
                    self._sound.permit(leg)
            case FarEndAnswered(status=180) if leg.state is LegState.RINGING:
                leg.alerted = True
            case FarEndAnswered() if 180 <= event.status < 200 and leg.state is LegState.SETTING_UP:
                leg.alerted = event.status == 180
                leg.become(LegState.RINGING)
                log.info("leg.ringing", call_id=leg.call_id, leg_id=leg.leg_id, status=event.status)
                self._listener.leg_rang(leg)
            case InDialogRequestReceived():
                self._asked(leg, event)
            case _:
                pass

    def _asked(self, leg: Leg, event: InDialogRequestReceived) -> None:
        """Take a phone's wish; a REFER, answered 202 by the edge, waits when it overtakes the cell's word of the ACK."""
        log.info("leg.request", call_id=leg.call_id, leg_id=leg.leg_id, method=event.method)
        if leg.is_talking and event.refer_to is not None:
            self._listener.leg_referred(leg, event.refer_to)
        else:
            leg.asked_early = leg.asked_early or event.refer_to

    def _agreed(self, leg: Leg, media: RemoteMedia, *, early: bool) -> None:
        self._sound.agree(leg, media)
        speaks = early and isinstance(leg.target, TrunkTarget)
        if (leg.holding, leg.has_early_media) != (media.held, speaks):
            leg.holding, leg.has_early_media = media.held, speaks
            self._listener.leg_held(leg)

    # ---- steps -------------------------------------------------------------------------------------

    def _open(self, leg: Leg, local_address: str) -> None:
        self._legs[leg.leg_id] = leg
        self._sound.open(leg, local_address)
        self._clock.after(OPENING_TIMEOUT_S, lambda: self._opening_timed_out(leg))

    def _opening_timed_out(self, leg: Leg) -> None:
        if leg.state is LegState.OPENING and leg.local is None:
            log.error("leg.plane_silent", leg_id=leg.leg_id, call_id=leg.call_id)
            self.hang_up(leg, status=503, cause=41)

    def _cells_of_call(self, leg: Leg) -> frozenset[str]:
        """The cells that carry another leg of the same call: a dead cell must cost one leg, not a call."""
        cells = (
            self._pool.cell_of(other.leg_id)
            for other in self._legs.values()
            if other.call_id == leg.call_id and other is not leg
        )
        return frozenset(cell.cell_id for cell in cells if cell is not None)

    def _find_no_cell(self, leg_id: str) -> None:
        leg = self._legs[leg_id]
        log.warning("leg.no_cell_free", leg_id=leg_id, call_id=leg.call_id)
        self.hang_up(leg, status=503, cause=34, headers=(("Retry-After", "2"),))

    def _place(self, leg_id: str) -> bool:
        """Carry a leg to a cell, unless it is over by now; False when none has room for it."""
        leg = self._legs.get(leg_id)
        if leg is None or leg.local is None or leg.state is not LegState.OPENING:
            return True
        local, avoid = leg.local, self._cells_of_call(leg) | leg.tried_cells
        try:
            cell = self._pool.place(leg_id, self._clock.now(), avoid)
        except NoCellFree:
            return False
        pid = self._pool.pids().get(cell.cell_id)
        log.info(
            "leg.placed",
            call_id=leg.call_id,
            leg_id=leg_id,
            role=leg.role.value,
            cell_id=cell.cell_id,
            pid=pid,
        )
        try:
            if leg.target is None:
                leg.become(LegState.SETTING_UP)
                self._edge.admit(leg.leg_id, cell.cell_id, local)
            else:
                self._make(leg, leg.target, cell.cell_id, local)
        except NotAcceptable as fault:
            self._pool.release(leg.leg_id)
            warning = (("Warning", fault.warning),) if fault.warning else ()
            self._reject(leg.leg_id, fault.status, "", warning)
            self._end(leg, LegEnd(status=fault.status, reason=str(fault)))
        except (NotReachable, UnknownCell, UnknownLeg, WrongPhase) as fault:
            log.warning("leg.not_set_up", leg_id=leg.leg_id, call_id=leg.call_id, fault=str(fault))
            self._pool.release(leg.leg_id)
            withdrew = leg.inbound and isinstance(fault, WrongPhase)
            self._end(leg, self._end_seen(leg, 487 if withdrew else 480, str(fault), by_far_end=withdrew))
        return True

    def _make(
        self, leg: Leg, target: PhoneTarget | TrunkTarget, cell_id: str, local: tuple[str, int]
    ) -> None:
        plan = self._edge.prepare(
            leg.leg_id,
            cell_id,
            target,
            local,
            from_user=leg.from_user,
            headers=leg.headers,
            patience_s=self._trunk_patience_s if leg.detours else None,
        )
        leg.become(LegState.SETTING_UP)
        self._tell_cell(
            leg,
            cell_words.MakeLeg(
                leg_id=leg.leg_id,
                request_uri=plan.request_uri,
                from_uri=plan.from_uri,
                headers=(),
                credentials=credentials_for(target, self._trunks),
            ),
        )

    def _goes_round(self, leg: Leg, end: LegEnd) -> bool:
        """A trunk did not take the call and nobody rang: the same leg begins again by the next one that takes it."""
        if leg.state is not LegState.SETTING_UP or end.lost or end.status not in TRUNK_FAULTS:
            return False
        while leg.detours:
            way, leg.detours = leg.detours[0], leg.detours[1:]
            target = TrunkTarget(trunk=way.trunk, user=way.number)
            try:
                address = self._edge.local_address_towards(target)
            except NotReachable:
                continue
            if not self.takes_detour(leg, way, end.status):
                continue
            log.warning(
                "leg.rerouted", call_id=leg.call_id, leg_id=leg.leg_id, trunk=way.trunk, status=end.status
            )
            cell = self._pool.cell_of(leg.leg_id)
            if cell is not None:
                leg.tried_cells.add(cell.cell_id)
            self._pool.release(leg.leg_id)
            leg.become(LegState.OPENING)
            leg.target, leg.from_user, leg.local, leg.asked_early = target, way.from_user, None, None
            leg.networks = self._trunks[way.trunk].media_networks
            self._sound.move(leg, address)
            self._clock.after(OPENING_TIMEOUT_S, lambda: self._opening_timed_out(leg))
            return True
        return False

    def _place_again(self, leg: Leg, cell_id: str) -> None:
        if leg.local is None:
            return
        leg.tried_cells.add(cell_id)
        leg.become(LegState.OPENING)
        self._cell_line.enter(leg.leg_id)

    def _tell_cell(self, leg: Leg, command: cell_words.CellCommand) -> None:
        try:
            self._pool.send(leg.leg_id, command)
        except NoCellHasLeg:
            self._edge.finish(leg.leg_id, 503, 41)
            self._end(leg, LegEnd(status=503, q850_cause=41, reason="no cell has the leg", lost=True))

    def _reject(self, leg_id: str, status: int, reason: str, headers: tuple[Header, ...]) -> None:
        try:
            self._edge.reject(leg_id, status, reason, headers)
        except (UnknownLeg, WrongPhase):
            self._edge.finish(leg_id, status)

    def _end_seen(self, leg: Leg, status: int, reason: str, *, by_far_end: bool) -> LegEnd:
        """Put together what the cell said and what the edge saw pass."""
        try:
            seen = self._edge.leg(leg.leg_id).end
        except UnknownLeg:
            seen = None
        return LegEnd(
            status=seen.status if seen is not None and seen.status else status,
            q850_cause=None if seen is None else seen.q850_cause,
            reason=reason,
            by_far_end=by_far_end,
        )

    def _end(self, leg: Leg, end: LegEnd) -> None:
        """The one way out of a leg: everything is given back, and call control is told, once."""
        if leg.state is LegState.ENDED or self._goes_round(leg, end):
            return
        leg.become(LegState.ENDED)
        log.info("leg.ended", call_id=leg.call_id, leg_id=leg.leg_id, role=leg.role.value, **asdict(end))
        del self._legs[leg.leg_id]
        self._sound.close(leg)
        self._pool.release(leg.leg_id)
        self._edge.forget(leg.leg_id)
        self._listener.leg_ended(leg, end)


__all__ = ["LegDesk", "NotReachable", "UnknownLeg"]
