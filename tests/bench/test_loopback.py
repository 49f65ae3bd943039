"""Claims of loopback blocks."""

import subprocess
import sys
from pathlib import Path

import pytest

from bench.loopback import NoBlockFree, claimed

ROOT = Path(__file__).resolve().parents[2]


def test_two_claims_never_have_the_same_number() -> None:
    with claimed("here", range(1, 3)) as one, claimed("here", range(1, 3)) as other:
        assert {one, other} == {1, 2}
        with pytest.raises(NoBlockFree), claimed("here", range(1, 3)):
            pass


def test_a_number_is_free_again_after_its_block() -> None:
    for _ in range(3):
        with claimed("again", range(7, 8)) as number:
            assert number == 7


def test_another_process_respects_the_claim() -> None:
    words = "from bench.loopback import claimed\nwith claimed('far', range(5, 7)) as number: print(number)"
    with claimed("far", range(5, 7)) as ours:
        other = subprocess.run(
            [sys.executable, "-c", words], cwd=ROOT, capture_output=True, text=True, check=True
        )
    assert {ours, int(other.stdout)} == {5, 6}
