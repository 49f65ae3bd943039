"""Whoever asks the command line for help is told in Chinese and in English what each word and each option is for."""

import argparse
import re
from pathlib import Path

import pytest

from softswitch.__main__ import command_line
from softswitch.command_line import CommandLine
from softswitch.exit_codes import CONFIG_EXIT, INTERRUPTED
from softswitch.settings.whole import Settings

IN_BOTH = re.compile(r"[一-鿿].* / .*[a-z]", re.DOTALL)
LINE = command_line()


@pytest.mark.parametrize("word", LINE.parsers)
def test_each_word_and_option_is_explained_in_both_languages(word: str) -> None:
    parser = LINE.parsers[word]
    assert IN_BOTH.match((parser.description or "").partition("\n")[0])
    unexplained = [action.dest for action in parser._actions if not IN_BOTH.match(action.help or "")]
    assert not unexplained


def test_help_lists_the_words_and_its_own_headings_are_in_both_languages(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit) as shown:
        LINE.run(["--help"])
    assert shown.value.code == 0
    text = capsys.readouterr().out
    assert text.startswith("用法 / usage: softswitch ")
    assert "\n命令 / commands:\n" in text
    assert "\n选项 / options:\n" in text
    assert all(re.search(rf"^ +{word}\b", text, re.MULTILINE) for word in LINE.parsers)


def test_a_word_is_run_with_the_settings_of_the_file_and_not_with_faulty_ones(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    seen: list[str] = []

    def look(settings: Settings, arguments: argparse.Namespace) -> int:
        seen.append(f"{settings.node.name} by {arguments.config.name}")
        return 7

    line = CommandLine("tried", "试验 / a trial")
    line.add_with_settings("look", "看 / look", look)
    good, faulty = tmp_path / "good.toml", tmp_path / "faulty.toml"
    sip = '[[sip.transports]]\nprotocol = "udp"\naddress = "127.0.0.1"\n'
    good.write_text(f'[node]\nname = "here"\n{sip}', encoding="utf-8")
    faulty.write_text(f'[node]\nnmae = "here"\n{sip}', encoding="utf-8")
    for file in (good, faulty):
        file.chmod(0o600)
    assert line.run(["look", "--config", str(good)]) == 7
    assert line.run(["look", "--config", str(faulty)]) == CONFIG_EXIT
    assert seen == ["here by good.toml"]
    assert "node.nmae" in capsys.readouterr().err


def test_words_that_are_none_end_with_the_usage(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as refused:
        LINE.run(["dial"])
    assert refused.value.code == CONFIG_EXIT
    assert "用法 / usage" in capsys.readouterr().err


def test_ctrl_c_ends_a_word_without_a_trace_of_python() -> None:
    """Whoever no longer waits for the end of a drain is not shown a fault."""

    def waits(_arguments: argparse.Namespace) -> int:
        raise KeyboardInterrupt

    line = CommandLine("tried", "试验 / a trial")
    line.add("wait", "等 / wait", waits)
    assert line.run(["wait"]) == INTERRUPTED
