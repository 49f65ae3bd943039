"""G.711 by table: both laws, whole arrays at a time (ITU-T G.711; RFC 3551 section 4.5.14).

Linear sound is int16 at 8 kHz.  A table lookup replaces the arithmetic: 256 entries to expand, 65,536 to compress.
Expanding what was compressed gives the same code again, so a voice that passes through loses nothing.
"""

from typing import Final

import numpy as np
import numpy.typing as npt

from media.commands import Codec

Linear = npt.NDArray[np.int16]
Coded = npt.NDArray[np.uint8]

SAMPLE_RATE_HZ: Final = 8000
FRAME_SAMPLES: Final = 160  # one tick, 20 ms

LAW_A: Final = 0
LAW_MU: Final = 1
LAWS: Final[dict[Codec, int]] = {Codec.PCMA: LAW_A, Codec.PCMU: LAW_MU}


def _expand_a_law() -> Linear:
    """All 256 A-law codes as linear samples: even bits inverted, 3-bit segment, 4-bit step."""
    code = np.arange(256) ^ 0x55
    segment, step = (code >> 4) & 7, code & 15
    magnitude = np.where(segment == 0, (step << 4) + 8, ((step << 4) + 0x108) << np.maximum(segment - 1, 0))
    return np.where(code & 0x80, magnitude, -magnitude).astype(np.int16)


def _expand_mu_law() -> Linear:
    """All 256 mu-law codes as linear samples: all bits inverted, bias 132."""
    code = ~np.arange(256) & 0xFF
    segment, step = (code >> 4) & 7, code & 15
    magnitude = (((step << 3) + 0x84) << segment) - 0x84
    return np.where(code & 0x80, -magnitude, magnitude).astype(np.int16)


def _compress(expanded: Linear) -> Coded:
    """The nearest code of every int16 sample, indexed by the sample seen as uint16; a tie takes the upper one."""
    order = np.argsort(expanded, kind="stable")
    values = expanded[order].astype(np.float64)
    borders = (values[:-1] + values[1:]) / 2
    samples = np.arange(65536, dtype=np.uint16).view(np.int16)
    return order[np.searchsorted(borders, samples, side="right")].astype(np.uint8)


EXPAND: Final = np.stack([_expand_a_law(), _expand_mu_law()])
"""Linear sample of a code: `EXPAND[law, code]`."""

COMPRESS: Final = np.stack([_compress(EXPAND[LAW_A]), _compress(EXPAND[LAW_MU])])
"""Code of a sample: `COMPRESS[law, sample as uint16]`."""

SILENCE: Final = (int(COMPRESS[LAW_A, 0]), int(COMPRESS[LAW_MU, 0]))
"""The code of digital silence in each law (0xD5, 0xFF)."""


def decode(coded: Coded, law: int) -> Linear:
    """Expand codes of one law to linear samples, any shape."""
    linear: Linear = EXPAND[law].take(coded)
    return linear


def encode(linear: Linear, law: int) -> Coded:
    """Compress linear samples to codes of one law, any shape."""
    coded: Coded = COMPRESS[law].take(linear.view(np.uint16))
    return coded
