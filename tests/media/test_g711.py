"""Both laws against libsndfile's codecs, and against themselves."""

import io

import numpy as np
import pytest
import soundfile

from media.g711 import EXPAND, LAW_A, LAW_MU, SILENCE, decode, encode

SUBTYPES = {LAW_A: "ALAW", LAW_MU: "ULAW"}
EVERY_SAMPLE = np.arange(-32768, 32768).astype(np.int16)
EVERY_CODE = np.arange(256).astype(np.uint8)


def sndfile_expands(codes: np.ndarray, subtype: str) -> np.ndarray:
    """What libsndfile makes of raw codes."""
    sound, _ = soundfile.read(
        io.BytesIO(codes.tobytes()), dtype="int16", format="RAW", samplerate=8000, channels=1, subtype=subtype
    )
    return np.asarray(sound)


def sndfile_compresses(sound: np.ndarray, subtype: str) -> np.ndarray:
    """The codes that libsndfile makes of samples."""
    written = io.BytesIO()
    soundfile.write(written, sound, 8000, format="RAW", subtype=subtype)
    return np.frombuffer(written.getvalue(), dtype=np.uint8)


@pytest.mark.parametrize("law", [LAW_A, LAW_MU])
def test_every_code_expands_as_in_libsndfile(law: int) -> None:
    """All 256."""
    assert np.array_equal(decode(EVERY_CODE, law), sndfile_expands(EVERY_CODE, SUBTYPES[law]))


@pytest.mark.parametrize("law", [LAW_A, LAW_MU])
def test_every_sample_is_compressed_to_its_nearest_code(law: int) -> None:
    """All 65,536: the error is the least there is, and never larger than libsndfile's."""
    ours = decode(encode(EVERY_SAMPLE, law), law).astype(np.int64)
    theirs = decode(sndfile_compresses(EVERY_SAMPLE, SUBTYPES[law]), law).astype(np.int64)
    error = np.abs(ours - EVERY_SAMPLE)
    levels = EXPAND[law].astype(np.int64)
    least = np.min(np.abs(EVERY_SAMPLE.astype(np.int64)[:, np.newaxis] - levels), axis=1)
    assert np.array_equal(error, least)
    assert np.all(error <= np.abs(theirs - EVERY_SAMPLE))


@pytest.mark.parametrize("law", [LAW_A, LAW_MU])
def test_a_code_survives_expansion_and_compression(law: int) -> None:
    """So a voice that passes through the plane is not changed; mu-law's two zeros are one sample."""
    again = encode(decode(EVERY_CODE, law), law)
    assert np.array_equal(decode(again, law), decode(EVERY_CODE, law))
    if law == LAW_A:
        assert np.array_equal(again, EVERY_CODE)


def test_silence_is_the_usual_code() -> None:
    """0xD5 and 0xFF."""
    assert SILENCE == (0xD5, 0xFF)
