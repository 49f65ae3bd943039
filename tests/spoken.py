"""Whether an announcement was heard: the sound of a phone beside the file of the prompt."""

import asyncio
import time
from pathlib import Path

import numpy as np

from tests import spectrum
from tests.phones.handset import Handset

PROMPTS = Path(__file__).resolve().parents[1] / "config" / "prompts" / "zh"
PIECE = 1600  # 0.2 s
END, LATELY = 6, 40_000  # pieces of a prompt's end, and samples (5 s) in which they are looked for
ALMOST_SAID = 0.75
"""What is as alike as this was said, though a piece of it is broken."""


def says(heard: spectrum.Samples, prompt: str) -> float:
    """How alike what was heard is to a prompt, 1 for the same: in pieces, for a phone now and again skips a few samples."""
    return _alike(heard, _pieces(prompt))


async def wait_said(phone: Handset, prompt: str, within_s: float = 20.0) -> None:
    """Until a phone that talks has just heard the end of a prompt: whoever has to answer it in time may do so now.

    It is looked for once it can have been said: each look cuts the phone's recording, which breaks a piece.
    """
    pieces = _pieces(prompt)
    await asyncio.sleep(len(pieces) * PIECE / spectrum.RATE_HZ)
    until = time.monotonic() + within_s
    likeness = 0.0
    while time.monotonic() < until:
        likeness = _alike((await phone.recording())[-LATELY:], pieces[-END:])
        if likeness > ALMOST_SAID:
            return
        await asyncio.sleep(0.7)
    raise AssertionError(f"the end of {prompt} is not heard: {likeness:.2f}")


def _pieces(prompt: str) -> list[spectrum.Samples]:
    """A prompt in pieces, without its pauses."""
    [spoken], _ = spectrum.read_channels(PROMPTS / f"{prompt}.wav")
    pieces = [spoken[at : at + PIECE] for at in range(0, len(spoken) - PIECE, PIECE)]
    return [piece for piece in pieces if spectrum.level_dbfs(piece) > -35]


def _alike(heard: spectrum.Samples, pieces: list[spectrum.Samples]) -> float:
    """How well each piece is found somewhere in what was heard, on the average."""
    if len(heard) < PIECE:
        return 0.0
    size = 1 << (len(heard) + PIECE).bit_length()
    whole = np.fft.rfft(heard, size)
    sums = np.concatenate([[0.0], np.cumsum(heard**2)])
    energy = np.maximum(sums[PIECE:] - sums[:-PIECE], 0.0)

    def best(piece: spectrum.Samples) -> float:
        found = np.fft.irfft(whole * np.conj(np.fft.rfft(piece, size)), size)[: len(energy)]
        return float(np.max(found / np.sqrt(np.maximum(energy * np.sum(piece**2), 1e-9))))

    return float(np.mean([best(piece) for piece in pieces]))
