"""The example city loads with one command, and what cannot be taken is told."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog

from config.example import example_text
from softswitch.business.__main__ import command_line, main
from softswitch.settings.whole import Settings
from tests.softswitch.business.conftest import CONFIG, city_file


@pytest.fixture
def config(tmp_path: Path) -> Iterator[Path]:
    """A configuration whose data lies in the test's folder; the log is nobody's afterwards."""
    path = tmp_path / "hotline.toml"
    text = example_text(Settings).replace('"var/data"', f'"{tmp_path / "data"}"')
    path.write_text(text.replace('"config/', f'"{CONFIG}/'), encoding="utf-8")
    path.chmod(0o600)
    yield path
    structlog.reset_defaults()


def test_the_example_city_loads_with_one_command(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    city = str(CONFIG / "business" / "city.json")
    assert main(["load", city, "--config", str(config)]) == 0
    assert "version 2" in capsys.readouterr().out
    assert main(["export", "--config", str(config)]) == 0
    regions = json.loads(capsys.readouterr().out)["documents"]["regions"]
    assert [region["id"] for region in regions] == ["east", "harbour", "north", "south", "west"]


def test_a_file_with_a_hole_is_refused_with_its_place(
    config: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    broken = city_file()
    broken["documents"]["flows"][0]["nodes"]["welcome"]["next"] = "nowhere"
    path = tmp_path / "broken.json"
    path.write_text(json.dumps(broken), encoding="utf-8")
    assert main(["load", str(path), "--config", str(config)]) == 1
    assert "flows.main.nodes.welcome.next: nowhere" in capsys.readouterr().err


def test_its_help_is_in_both_languages(capsys: pytest.CaptureFixture[str]) -> None:
    """As that of `softswitch` itself, each word and each option."""
    with pytest.raises(SystemExit) as shown:
        main(["load", "--help"])
    assert shown.value.code == 0
    assert capsys.readouterr().out.startswith("用法 / usage: python -m softswitch.business load")
    for parser in command_line().parsers.values():
        assert all(" / " in (action.help or "") for action in parser._actions)


def test_what_is_no_file_or_no_configuration_is_a_wrong_call(
    config: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["load", str(tmp_path / "none.json"), "--config", str(config)]) == 2
    assert main(["export", "--config", str(tmp_path / "none.toml")]) == 2
    assert " / " in capsys.readouterr().err
