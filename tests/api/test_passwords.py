"""Password hashes: scrypt with a salt of its own, and nothing that could be broken into a match."""

import re

import pytest

from api.passwords import PASSWORD_MOST, PATTERN, hash_password, is_right


def test_a_hash_fits_its_password_alone() -> None:
    """Two hashes of one password differ, and hold nothing of it."""
    first, second = hash_password("正确 horse"), hash_password("正确 horse")
    assert first != second
    assert re.fullmatch(PATTERN, first)
    assert is_right("正确 horse", first)
    assert is_right("正确 horse", second)
    for wrong in ("正确 Horse", "", "正确 horse ", "\udcff"):
        assert not is_right(wrong, first)


@pytest.mark.parametrize(
    "known",
    [
        "",
        "plain",
        "scrypt$16384$8$1$$",
        f"scrypt$3$8$1${'A' * 22}${'A' * 43}",
        f"scrypt$9999999$99$99${'A' * 22}${'A' * 43}",
        f"scrypt$16384$8$1${'A' * 17}${'A' * 33}",
    ],
)
def test_a_broken_hash_fits_nothing(known: str) -> None:
    """Nor does it raise, nor take all memory."""
    assert not is_right("", known)
    assert not is_right("anything", known)


def test_a_password_that_is_too_long_is_not_cut_to_fit() -> None:
    """Else everything with the same beginning would do."""
    known = hash_password("x" * PASSWORD_MOST)
    assert is_right("x" * PASSWORD_MOST, known)
    assert not is_right("x" * (PASSWORD_MOST + 1), known)
