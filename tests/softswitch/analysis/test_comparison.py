"""`softswitch replay`, as it is typed."""

import json
from pathlib import Path
from typing import Any

import pytest

from acd.metrics import Formula
from softswitch.__main__ import main
from tests.softswitch.analysis.days import HEAD, busy_day


def replayed(capsys: pytest.CaptureFixture[str], *words: str) -> dict[str, Any]:
    """Run the command and read what it says."""
    assert main(["replay", *words, "--json"]) == 0
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


@pytest.fixture
def day(tmp_path: Path) -> Path:
    """A recorded day."""
    return busy_day(tmp_path / "day.jsonl")


def policy(tmp_path: Path, text: str) -> str:
    """A policy file."""
    path = tmp_path / "other.toml"
    path.write_text(text, encoding="utf-8")
    return str(path)


def test_a_day_alone_is_told_as_it_was(capsys: pytest.CaptureFixture[str], day: Path) -> None:
    """All six service levels, waits and occupancy; no other policy, no other column."""
    found = replayed(capsys, str(day))
    assert (found["same"], found["other"], found["events_refused"]) == (None, None, 0)
    recorded = found["recorded"]
    assert recorded["offered"] + recorded["refused"] == found["calls"] > 300
    assert 0 < recorded["F3"] < recorded["F1"] < 1
    assert 0.8 < recorded["occupancy"] < 1
    assert recorded["share main"] == 1
    assert main(["replay", str(day)]) == 0
    said = capsys.readouterr().out
    assert "记录 / recorded" in said
    assert "新策略" not in said
    assert all(f"{formula.name} {formula}" in said for formula in Formula)


def test_the_same_policy_gives_nearly_the_same_day(
    capsys: pytest.CaptureFixture[str], day: Path, tmp_path: Path
) -> None:
    """What is drawn moves the figures a little; two columns of one policy do not differ at all."""
    found = replayed(capsys, str(day), "--policy", policy(tmp_path, ""), "--runs", "3")
    assert all(step == {"least": 0, "mean": 0, "most": 0} for step in found["differences"].values())
    assert found["same"] == found["other"]
    assert found["same"]["F3"] == pytest.approx(found["recorded"]["F3"], abs=0.05)
    assert found["same"]["mean_wait_s"] == pytest.approx(found["recorded"]["mean_wait_s"], rel=0.15)
    assert found["same"]["occupancy"] == pytest.approx(found["recorded"]["occupancy"], abs=0.03)


def test_more_agents_answer_sooner(capsys: pytest.CaptureFixture[str], day: Path, tmp_path: Path) -> None:
    """Two more seats from the beginning: in every run more are answered in time and fewer give up."""
    more = "".join(f'[[agents]]\nagent = "x{n}"\nqueues = ["main"]\n' for n in range(2))
    found = replayed(capsys, str(day), "--policy", policy(tmp_path, more), "--runs", "3")
    assert found["differences"]["F3"]["least"] > 0.05
    assert found["differences"]["abandon_rate"]["most"] < 0
    assert found["differences"]["occupancy"]["most"] < 0
    assert main(["replay", str(day), "--policy", policy(tmp_path, more), "--runs", "1"]) == 0
    said = capsys.readouterr().out
    assert "新策略 / other policy" in said
    assert "差 / difference (min..max)" in said


def test_a_shorter_line_refuses(capsys: pytest.CaptureFixture[str], day: Path, tmp_path: Path) -> None:
    """A rule of the queue that the journal has otherwise."""
    short = policy(tmp_path, '[[queues]]\nqueue = "main"\nlimit = 1\n')
    found = replayed(capsys, str(day), "--policy", short, "--runs", "2")
    assert found["recorded"]["refused"] == found["same"]["refused"] == 0
    assert found["other"]["refused"] > 5


def test_regions_have_their_shares(capsys: pytest.CaptureFixture[str], day: Path, tmp_path: Path) -> None:
    """Of those who were answered, where the journal says whence they called."""
    text = day.read_text(encoding="utf-8")
    north = text.replace('"event":"ContactQueued",', '"event":"ContactQueued","region":"north",')
    day.write_text(north, encoding="utf-8")
    assert replayed(capsys, str(day))["recorded"]["region north"] == 1
    assert main(["replay", str(day)]) == 0
    assert "地区占比 / region north" in capsys.readouterr().out


def test_wrap_ups_that_agents_ended_last_as_long(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """A queue without timed wrap-up: otherwise nobody would ever come free again."""
    day = busy_day(tmp_path / "manual.jsonl", wrap_up_s=25.0)
    manual = policy(tmp_path, '[[queues]]\nqueue = "main"\nwrap_up_s = 0.0\n')
    found = replayed(capsys, str(day), "--policy", manual, "--runs", "1")
    assert found["differences"]["occupancy"]["most"] < 0
    assert found["differences"]["F3"]["least"] > 0


def test_more_agents_for_a_queue_with_a_named_order(
    capsys: pytest.CaptureFixture[str], day: Path, tmp_path: Path
) -> None:
    """They come in when the order and the queue are there already, and serve."""
    head, queue, *rest = day.read_text(encoding="utf-8").splitlines()
    order = '{"at":0.0,"event":"RoutingDefined","name":"fair","criteria":["idle"]}'
    named = queue.replace('"queue":"main"', '"queue":"main","strategy":"fair"')
    day.write_text("\n".join([head, order, named, *rest, ""]), encoding="utf-8")
    more = "".join(f'[[agents]]\nagent = "x{n}"\nqueues = ["main"]\n' for n in range(2))
    found = replayed(capsys, str(day), "--policy", policy(tmp_path, more), "--runs", "1")
    assert found["events_refused"] == 0
    assert found["differences"]["F3"]["least"] > 0.05


def test_an_order_that_only_the_other_policy_has(
    capsys: pytest.CaptureFixture[str], day: Path, tmp_path: Path
) -> None:
    """It is there before the queue that names it, and the same people come."""
    text = (
        '[[queues]]\nqueue = "main"\nstrategy = "first"\n[[routings]]\nname = "first"\ncriteria = ["rank"]\n'
    )
    found = replayed(capsys, str(day), "--policy", policy(tmp_path, text), "--runs", "1")
    assert found["other"]["offered"] == found["same"]["offered"]
    assert found["other"]["answered"] > 0


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[[queues]]\nqueue = "main"\nstrategy = "typo"\n', ("queues.main", "strategy 'typo' is not known")),
        ('[[agents]]\nagent = "a1"\nqueues = ["nowhere"]\n', ("agents.a1", "queue 'nowhere' is not defined")),
        ('[[agents]]\nagent = "new"\nqueues = ["nowhere"]\n', ("agents.new", "queue 'nowhere'")),
        ('[[agents]]\nagent = "a1"\nqueues = ["main"]\nshares = "x"\n', ("agents.a1", "strategy 'x'")),
    ],
)
def test_a_policy_that_names_what_there_is_not_is_refused_whole(
    capsys: pytest.CaptureFixture[str], day: Path, tmp_path: Path, text: str, said: tuple[str, ...]
) -> None:
    """With the file, the place and the reason: figures of half a policy would be of none."""
    assert main(["replay", str(day), "--policy", policy(tmp_path, text), "--runs", "1"]) == 2
    heard = capsys.readouterr()
    assert all(each in heard.err for each in ("other.toml", *said))
    assert not heard.out


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ([], "没有事件 / no events"),
        ([HEAD], "没有事件 / no events"),
        ([HEAD, b'{"at": 1.0, "event": "Nonsense"}'], "'Nonsense' is no event"),
        ([b"not json"], "not JSON"),
    ],
)
def test_a_journal_that_cannot_be_read_is_refused(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, lines: list[bytes], said: str
) -> None:
    """With the reason; nothing is calculated."""
    path = tmp_path / "broken.jsonl"
    path.write_bytes(b"\n".join(lines))
    assert main(["replay", str(path)]) == 2
    heard = capsys.readouterr()
    assert said in heard.err
    assert not heard.out


def test_files_that_are_not_there_are_named(
    capsys: pytest.CaptureFixture[str], day: Path, tmp_path: Path
) -> None:
    """The journal, and the policy."""
    assert main(["replay", str(tmp_path / "none.jsonl")]) == 2
    assert "none.jsonl" in capsys.readouterr().err
    assert main(["replay", str(day), "--policy", str(tmp_path / "none.toml")]) == 2
    assert "none.toml" in capsys.readouterr().err


def test_events_that_were_refused_are_counted(capsys: pytest.CaptureFixture[str], day: Path) -> None:
    """They are in the journal as they came."""
    with day.open("ab") as file:
        file.write(b'{"at":99999.0,"event":"AgentLoggedOut","agent":"nobody"}\n')
    assert replayed(capsys, str(day))["events_refused"] == 1
    assert main(["replay", str(day)]) == 0
    assert "1 个事件未被接受 / events were refused" in capsys.readouterr().out
