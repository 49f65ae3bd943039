"""`softswitch simulate`, as it is typed."""

import json
from pathlib import Path
from typing import Any

import pytest

from softswitch.__main__ import main

POLICY = """
[[queues]]
queue = "main"
wrap_up_s = 0.0
[[queues]]
queue = "tax"
wrap_up_s = 0.0
limit = 5
[[agents]]
agent = "ana"
queues = ["main", "tax"]
[[agents]]
agent = "ben"
queues = ["main"]
"""


def simulated(capsys: pytest.CaptureFixture[str], *words: str) -> dict[str, Any]:
    """Run the command and read what it says."""
    assert main(["simulate", *words, "--json"]) == 0
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


def test_erlang_stands_beside_it_and_agrees(capsys: pytest.CaptureFixture[str]) -> None:
    """Ring and wrap-up keep the agent too: the theory is told the sum, and the wait has the ring in it.

    They are short here: the theory has all of the time exponential, and what is always the same makes waits shorter.
    """
    found = simulated(
        capsys,
        *("--arrivals", "300", "--agents", "19", "--handle", "174", "--answer", "2", "--wrap-up", "4"),
        *("--hours", "60", "--within", "17"),
    )
    assert found["theory"]["answered_in_time"] == pytest.approx(0.8250, abs=5e-5)
    for name, theory in found["theory"].items():
        measure = found["measures"][name]
        assert abs(measure["mean"] - theory) <= measure["margin"], name
    assert found["occupancy"] == pytest.approx(0.789, abs=0.02)
    assert found["measures"]["answered_in_time"]["mean"] == pytest.approx(found["levels"]["F3"], abs=0.002)


def test_the_same_seed_says_the_same(capsys: pytest.CaptureFixture[str]) -> None:
    """To the last digit; another one does not."""
    words = ("--arrivals", "200", "--agents", "12", "--handle", "180", "--patience", "90", "--hours", "5")
    once = simulated(capsys, *words)
    assert simulated(capsys, *words) == once
    assert simulated(capsys, *words, "--seed", "2") != once


def test_queues_and_agents_from_a_policy(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """Several queues with rules of their own; what they share out is said, and no theory is claimed."""
    policy = tmp_path / "other.toml"
    policy.write_text(POLICY, encoding="utf-8")
    words = ("--arrivals", "main=30,tax=60", "--policy", str(policy), "--handle", "60", "--hours", "20")
    found = simulated(capsys, *words)
    assert found["theory"] is None
    assert found["refused"] > 0
    assert set(found["shares"]) == {"main", "tax"}
    assert main(["simulate", *words]) == 0
    said = capsys.readouterr().out
    assert "限时接通 / answered in time (F3)" in said
    assert "占比 / share: tax" in said


def test_figures_for_people(capsys: pytest.CaptureFixture[str]) -> None:
    """Every service level stands beside its formula."""
    words = ("--arrivals", "200", "--agents", "12", "--handle", "180", "--patience", "90", "--hours", "5")
    assert main(["simulate", *words]) == 0
    said = capsys.readouterr().out
    for line in ("仿真 / simulated", "F4: answered in T / (answered + abandoned - abandoned in T)", "Erlang"):
        assert line in said


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("--arrivals x --agents 3 --handle 60", "--arrivals 应为"),
        ("--arrivals main=3,main=4 --agents 3 --handle 60", "队列重复"),
        ("--arrivals -3 --agents 3 --handle 60", "negative rate"),
        ("--arrivals tax=3 --agents 3 --handle 60", "several queues need --policy"),
        ("--arrivals 3 --agents 0 --handle 60", "--agents 至少 1"),
        ("--arrivals 3 --agents 3 --handle 0", "--handle 应大于 0"),
        ("--arrivals 3 --agents 3 --handle 60 --hours 0", "--hours 应大于 0"),
        ("--arrivals 3 --agents 3 --handle 60 --hours 1", "来话太少"),
        ("--arrivals 300 --agents 30 --handle 60 --patience 0", "Traffic.patience_s"),
        ("--arrivals tax=3 --policy OTHER --handle 60", "not in the policy: tax"),
        ("--arrivals 3 --policy nowhere.toml --handle 60", "nowhere.toml"),
        ("--arrivals 300 --agents 30 --handle 60 --wrap-up -1", "wrap_up_s"),
        ("--arrivals 300 --policy TYPO --handle 60", "queues.main: 分配引擎不接受"),
    ],
)
def test_options_that_make_no_sense_are_refused(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, words: str, said: str
) -> None:
    """With the reason, and nothing is played."""
    other = tmp_path / "other.toml"
    other.write_text('[[queues]]\nqueue = "main"\n', encoding="utf-8")
    typo = tmp_path / "typo.toml"
    typo.write_text('[[queues]]\nqueue = "main"\nstrategy = "typo"\n', encoding="utf-8")
    options = (
        words.replace("OTHER", str(other))
        .replace("TYPO", str(typo))
        .replace("--arrivals -3", "--arrivals=-3")
        .split()
    )
    assert main(["simulate", *options]) == 2
    heard = capsys.readouterr()
    assert said in heard.err
    assert not heard.out
