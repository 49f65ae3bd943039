"""A desk phone with real pjmedia sound, one process a phone: `python -m tests.phones.phone`.

JSON lines on standard input order it about, JSON lines on standard output tell what happened; `at` is the
monotonic clock in seconds, the same for all processes of a machine.  `tests.phones.handset` is the other end.
One thread touches pjsua2.
"""

import argparse
import gc
import json
import os
import re
import sys
import time
from pathlib import Path
from typing import Any

import pjsua2 as pj

from softswitch.urgency import go_first

POLL_MS = 10
HOLD_DIRECTIONS = {1: "active", 2: "local_hold", 3: "remote_hold", 0: "none", 4: "error"}


class Wire:
    """Both directions of the talk with the test.  pjlib prints on descriptor 1, so events leave by a copy of it."""

    def __init__(self, log: Path) -> None:
        self._out = os.dup(1)
        noise = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        os.dup2(noise, 1)
        os.set_blocking(0, False)
        self._pending = b""
        self.closed = False

    def tell(self, event: str, **fields: Any) -> None:
        """One line out."""
        line = json.dumps({"event": event, "at": time.monotonic(), **fields}) + "\n"
        os.write(self._out, line.encode())

    def orders(self) -> list[dict[str, Any]]:
        """Whole lines that came in since last time."""
        try:
            while chunk := os.read(0, 65536):
                self._pending += chunk
            self.closed = True
        except BlockingIOError:
            pass
        *lines, self._pending = self._pending.split(b"\n")
        return [json.loads(line) for line in lines if line.strip()]


def without_events(sdp: str) -> str:
    """A session description that speaks of no telephone events (RFC 4733)."""
    for payload in re.findall(r"a=rtpmap:(\d+) telephone-event", sdp):
        sdp = re.sub(rf"a=(rtpmap|fmtp):{payload} .*\r?\n", "", sdp)
        sdp = re.sub(rf"(m=audio .*) {payload}\b", r"\1", sdp)
    return sdp


class Line(pj.Call):  # type: ignore[misc]
    """One call: connects the tone to it and a recorder to what it hears, whenever its media is active."""

    def __init__(self, phone: "Phone", number: int = pj.PJSUA_INVALID_ID) -> None:
        super().__init__(phone.account, number)
        self.phone = phone
        self.incoming = number != pj.PJSUA_INVALID_ID
        self.recorder: pj.AudioMediaRecorder | None = None
        self.parts: list[str] = []
        self.tone: pj.ToneGenerator | None = None
        self.answer_at: float | None = None

    def onCallState(self, prm: pj.OnCallStateParam) -> None:
        """Tell every step of the dialog."""
        info = self.getInfo()
        names = {
            pj.PJSIP_INV_STATE_EARLY: "early",
            pj.PJSIP_INV_STATE_CONFIRMED: "confirmed",
            pj.PJSIP_INV_STATE_DISCONNECTED: "disconnected",
        }
        name = names.get(info.state)
        if name == "disconnected":
            self.close_part()
            self.phone.gone.append(self)
        if name is not None:
            self.phone.wire.tell(
                name,
                call=info.callIdString,
                status=info.lastStatusCode,
                reason=info.lastReason,
                parts=self.parts,
            )

    def onCallSdpCreated(self, prm: pj.OnCallSdpCreatedParam) -> None:
        """A phone that knows no telephone events offers none."""
        if not self.phone.knows_events:
            prm.sdp.wholeSdp = without_events(prm.sdp.wholeSdp)

    def onCallMediaState(self, prm: pj.OnCallMediaStateParam) -> None:
        """Connect what is active.  May come again at any re-INVITE."""
        info = self.getInfo()
        for index, media in enumerate(info.media):
            if media.type != pj.PJMEDIA_TYPE_AUDIO:
                continue
            status = int(media.status)
            if status in {pj.PJSUA_CALL_MEDIA_ACTIVE, pj.PJSUA_CALL_MEDIA_REMOTE_HOLD}:
                self._connect(self.getAudioMedia(index))
            direction = HOLD_DIRECTIONS.get(status, str(status))
            self.phone.wire.tell("media", call=info.callIdString, state=direction, dir=int(media.dir))

    def onCallTsxState(self, prm: pj.OnCallTsxStateParam) -> None:
        """NOTIFY with Event: talk asks a ringing phone to answer, as many desk phones do."""
        if prm.e.type != pj.PJSIP_EVENT_TSX_STATE:
            return
        change = prm.e.body.tsxState
        is_asked = change.tsx.method == "NOTIFY" and change.type == pj.PJSIP_EVENT_RX_MSG
        if is_asked and "Event: talk" in change.src.rdata.wholeMsg and self.phone.manner.get("talk"):
            self.answer_at = time.monotonic()

    def onCallTransferStatus(self, prm: pj.OnCallTransferStatusParam) -> None:
        """What became of the transfer that this phone asked for."""
        self.phone.wire.tell("transfer", status=int(prm.statusCode), final=bool(prm.finalNotify))

    def onDtmfDigit(self, prm: pj.OnDtmfDigitParam) -> None:
        """A key that the far end pressed."""
        self.phone.wire.tell("digit", digit=prm.digit)

    def _connect(self, sound: pj.AudioMedia) -> None:
        if self.recorder is None:
            self.open_part()
        if self.tone is None:
            self.tone = self.phone.new_tone()
        assert self.recorder is not None
        sound.startTransmit(self.recorder)
        self.tone.startTransmit(sound)

    def open_part(self) -> None:
        """A new file for what is heard from now on."""
        path = self.phone.folder / f"heard-{self.phone.next_part()}.wav"
        self.recorder = pj.AudioMediaRecorder()
        self.recorder.createRecorder(str(path))
        self.parts.append(str(path))

    def close_part(self) -> None:
        """Finish the file; the recorder writes its header when it is destroyed."""
        self.recorder = None
        gc.collect()

    def cut(self) -> None:
        """Finish the file that runs and begin another."""
        self.close_part()
        self.open_part()
        info = self.getInfo()
        for index, media in enumerate(info.media):
            if media.type == pj.PJMEDIA_TYPE_AUDIO and media.status == pj.PJSUA_CALL_MEDIA_ACTIVE:
                self.getAudioMedia(index).startTransmit(self.recorder)


class Account(pj.Account):  # type: ignore[misc]
    """The phone's one account."""

    def __init__(self, phone: "Phone") -> None:
        super().__init__()
        self.phone = phone

    def onRegState(self, prm: pj.OnRegStateParam) -> None:
        """A registration or its end was answered."""
        self.phone.wire.tell("registered", status=int(prm.code), expires=int(prm.expiration))

    def onIncomingCall(self, prm: pj.OnIncomingCallParam) -> None:
        """Behave as the test asked."""
        line = Line(self.phone, prm.callId)
        self.phone.lines.append(line)
        info = line.getInfo()
        self.phone.wire.tell(
            "incoming", call=info.callIdString, remote=info.remoteUri, invite=prm.rdata.wholeMsg
        )
        self.phone.greet(line, is_told="answer-after=0" in prm.rdata.wholeMsg)


class Phone:
    """The stack, the account, the calls and the manner in which calls are taken."""

    def __init__(self, options: argparse.Namespace, wire: Wire) -> None:
        self.wire = wire
        self.folder = Path(options.folder)
        self.lines: list[Line] = []
        self.gone: list[Line] = []
        self.manner: dict[str, Any] = {"mode": "ring"}
        self.tone_hz = float(options.tone_hz)
        self.second_tone_hz = 0.0
        self.tone_rhythm_ms = (10000, 0)
        self.knows_events = bool(options.events)
        self.tone_volume = 8000
        self._parts = 0
        self.endpoint = pj.Endpoint()
        self.account = self._start(options)

    def _start(self, options: argparse.Namespace) -> Account:
        endpoint = self.endpoint
        endpoint.libCreate()
        config = pj.EpConfig()
        config.uaConfig.threadCnt = 0
        config.uaConfig.mainThreadOnly = True
        config.uaConfig.userAgent = "test desk phone"
        config.logConfig.level = config.logConfig.consoleLevel = 4
        media = config.medConfig
        media.clockRate = media.sndClockRate = 8000
        media.noVad = True
        media.ecTailLen = 0
        endpoint.libInit(config)
        transport = pj.TransportConfig()
        transport.boundAddress = options.address
        transport.port = options.port
        kinds = {
            "udp": pj.PJSIP_TRANSPORT_UDP,
            "tcp": pj.PJSIP_TRANSPORT_TCP,
            "tls": pj.PJSIP_TRANSPORT_TLS,
        }
        transport_id = endpoint.transportCreate(kinds[options.transport], transport)
        endpoint.libStart()
        endpoint.audDevManager().setNullDev()
        for codec in endpoint.codecEnum2():
            wanted = codec.codecId.startswith(options.codec + "/")
            endpoint.codecSetPriority(codec.codecId, 255 if wanted else 0)
        account = Account(self)
        account.create(self._account_config(options, transport_id))
        info = endpoint.transportGetInfo(transport_id)
        self.wire.tell("started", address=info.localName, pid=os.getpid())
        return account

    @staticmethod
    def _account_config(options: argparse.Namespace, transport_id: int) -> pj.AccountConfig:
        config = pj.AccountConfig()
        host = options.registrar or options.address
        config.idUri = f"sip:{options.account}@{host}"
        suffix = "" if options.transport == "udp" else f";transport={options.transport}"
        if options.registrar:
            config.regConfig.registrarUri = f"sip:{options.registrar}{suffix}"
            config.regConfig.registerOnAdd = False
            config.regConfig.timeoutSec = options.expires_s
            config.regConfig.retryIntervalSec = 0
        if options.password:
            credentials = pj.AuthCredInfo("digest", "*", options.account, 0, options.password)
            credentials.algoType = (
                pj.PJSIP_AUTH_ALGORITHM_SHA256
                if options.algorithm == "SHA-256"
                else pj.PJSIP_AUTH_ALGORITHM_MD5
            )
            config.sipConfig.authCreds.append(credentials)
        config.sipConfig.transportId = transport_id
        config.natConfig.contactRewriteUse = 0
        config.natConfig.viaRewriteUse = 0
        config.natConfig.sdpNatRewriteUse = 0
        if options.srtp:
            config.mediaConfig.srtpUse = pj.PJMEDIA_SRTP_MANDATORY
            config.mediaConfig.srtpSecureSignaling = 1  # TLS to the next hop
        rtp = config.mediaConfig.transportConfig
        rtp.boundAddress = options.address
        rtp.port = options.rtp_port
        rtp.portRange = 200
        return config

    def next_part(self) -> int:
        """Files are numbered over the phone's whole life."""
        self._parts += 1
        return self._parts

    def new_tone(self) -> pj.ToneGenerator:
        """A generator that plays the phone's tone without end; 0 Hz is silence."""
        generator = pj.ToneGenerator()
        generator.createToneGenerator(8000, 1)
        self._play(generator)
        return generator

    def _play(self, generator: pj.ToneGenerator) -> None:
        generator.stop()
        if self.tone_hz > 0:
            desc = pj.ToneDesc()
            desc.freq1, desc.freq2 = int(self.tone_hz), int(self.second_tone_hz)
            desc.on_msec, desc.off_msec = self.tone_rhythm_ms
            desc.volume = self.tone_volume
            tones = pj.ToneDescVector()
            tones.append(desc)
            generator.play(tones, True)

    def greet(self, line: Line, *, is_told: bool) -> None:
        """First reaction to an incoming call: ring, answer later, refuse, or say nothing.

        `is_told`: the call came with the word to answer it, which is done in the manner `by_headers`.
        """
        mode = self.manner["mode"]
        if mode == "silent":
            return
        if mode == "decline":
            self._final(line, int(self.manner["status"]), str(self.manner.get("contact", "")))
            return
        self._provisional(line, int(self.manner.get("first", 180)))
        if mode == "answer":
            line.answer_at = time.monotonic() + float(self.manner["after_s"])
        elif is_told and self.manner.get("by_headers"):
            line.answer_at = time.monotonic()

    @staticmethod
    def _provisional(line: Line, status: int = 180) -> None:
        prm = pj.CallOpParam()
        prm.statusCode = status
        line.answer(prm)

    @staticmethod
    def _final(line: Line, status: int, contact: str = "") -> None:
        prm = pj.CallOpParam(True)
        prm.statusCode = status
        if contact:
            header = pj.SipHeader()
            header.hName, header.hValue = "Contact", f"<{contact}>"
            prm.txOption.headers.append(header)
        if status == 200:
            line.answer(prm)
        else:
            line.hangup(prm)

    def turn(self) -> None:
        """What is due: answers, and calls that may be dropped now that no callback of theirs runs."""
        now = time.monotonic()
        for line in self.lines:
            if line.answer_at is not None and line.answer_at <= now and line not in self.gone:
                line.answer_at = None
                self._final(line, 200)
        for line in self.gone:
            self.lines.remove(line)
        self.gone.clear()

    def obey(self, order: dict[str, Any]) -> None:
        """Carry out one order and say how it went."""
        try:
            result = self._do(order)
        except (pj.Error, LookupError, ValueError) as fault:
            text = fault.info() if isinstance(fault, pj.Error) else repr(fault)
            self.wire.tell("reply", id=order.get("id"), fault=text)
        else:
            self.wire.tell("reply", id=order.get("id"), **result)

    def _do(self, order: dict[str, Any]) -> dict[str, Any]:
        match order["do"]:
            case "register":
                self.account.setRegistration(True)
            case "unregister":
                self.account.setRegistration(False)
            case "manner":
                self.manner = order
            case "answer":
                self._final(self._line(), 200)
            case "call":
                line = Line(self)
                self.lines.append(line)
                prm = pj.CallOpParam(True)
                prm.opt.audioCount, prm.opt.videoCount = 1, 0
                for name, value in order.get("headers", {}).items():
                    header = pj.SipHeader()
                    header.hName, header.hValue = name, value
                    prm.txOption.headers.append(header)
                line.makeCall(order["uri"], prm)
                return {"call": line.getInfo().callIdString}
            case "hang_up":
                prm = pj.CallOpParam(True)
                prm.statusCode = int(order.get("status", 0))
                self._line().hangup(prm)
            case "hold":
                self._line().setHold(pj.CallOpParam(True))
            case "unhold":
                prm = pj.CallOpParam(True)
                prm.opt.flag = pj.PJSUA_CALL_UNHOLD
                self._line().reinvite(prm)
            case "refer":
                self._line().xfer(order["uri"], pj.CallOpParam(True))
            case "refer_first_to_last":
                self.lines[0].xferReplaces(self._line(), pj.CallOpParam(True))
            case "digits":
                keys = pj.CallSendDtmfParam()
                keys.digits = order["digits"]
                by_info = order.get("by") == "info"
                keys.method = pj.PJSUA_DTMF_METHOD_SIP_INFO if by_info else pj.PJSUA_DTMF_METHOD_RFC2833
                self._line().sendDtmf(keys)
            case "tone":
                self.tone_hz, self.tone_volume = float(order["hz"]), int(order["volume"])
                self.second_tone_hz = float(order.get("second_hz", 0))
                self.tone_rhythm_ms = (int(order["on_ms"]), int(order["off_ms"]))
                for line in self.lines:
                    if line.tone is not None:
                        self._play(line.tone)
            case "cut":
                self._line().cut()
                return {"parts": self._line().parts[:-1]}
            case unknown:
                message = f"unknown order {unknown!r}"
                raise ValueError(message)
        return {}

    def _line(self) -> Line:
        if not self.lines:
            message = "no call is up"
            raise LookupError(message)
        return self.lines[-1]

    def stop(self) -> None:
        """Hang up, give pjsua half a second to say so, and leave without its destructors."""
        self.endpoint.hangupAllCalls()
        until = time.monotonic() + 0.5
        while time.monotonic() < until:
            self.endpoint.libHandleEvents(POLL_MS)
            self.turn()


def main() -> None:
    """Run until standard input closes."""
    parser = argparse.ArgumentParser(description="a desk phone with sound, driven by JSON lines")
    parser.add_argument("--folder", required=True)
    parser.add_argument("--address", required=True)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--rtp-port", type=int, default=30000)
    parser.add_argument("--account", default="caller")
    parser.add_argument("--password", default="")
    parser.add_argument("--registrar", default="")
    parser.add_argument("--algorithm", default="SHA-256")
    parser.add_argument("--transport", default="udp")
    parser.add_argument("--srtp", type=int, default=0)
    parser.add_argument("--codec", default="PCMA")
    parser.add_argument("--events", type=int, default=1)
    parser.add_argument("--tone-hz", type=float, default=700.0)
    parser.add_argument("--expires-s", type=int, default=300)
    options = parser.parse_args()
    # A real phone has a processor of its own: what this one hears must not tell how busy the machine is.
    go_first()
    gc.disable()
    wire = Wire(Path(options.folder) / "phone.log")
    phone = Phone(options, wire)
    while not wire.closed:
        phone.endpoint.libHandleEvents(POLL_MS)
        phone.turn()
        for order in wire.orders():
            phone.obey(order)
    phone.stop()
    sys.stderr.flush()
    os._exit(0)


if __name__ == "__main__":
    main()
