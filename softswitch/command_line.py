"""The words of a command line: each says what it does, in Chinese and in English, and is run with what it needs."""

import argparse
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from config.faults import ConfigFaults
from config.load import load
from softswitch.exit_codes import CONFIG_EXIT, INTERRUPTED
from softswitch.settings.whole import Settings

Run = Callable[[argparse.Namespace], int]
RunWithSettings = Callable[[Settings, argparse.Namespace], int]
"""Both return the exit code."""


class _Page(argparse.RawDescriptionHelpFormatter):
    """A page of help: descriptions as they are laid out."""

    def add_usage(
        self,
        usage: str | None,
        actions: Iterable[argparse.Action],
        groups: Iterable[Any],
        prefix: str | None = None,
    ) -> None:
        super().add_usage(usage, actions, groups, "用法 / usage: " if prefix is None else prefix)


class WordParser(argparse.ArgumentParser):
    """A parser whose headings are in both languages, as are the texts that it is given."""

    def __init__(self, **given: Any) -> None:
        """As the parser of the standard library, but for how its help looks."""
        super().__init__(add_help=False, formatter_class=_Page, **given)
        self._positionals.title = "参数 / arguments"
        self._optionals.title = "选项 / options"
        self.add_argument("-h", "--help", action="help", help="显示帮助 / show this help")

    def add_configuration(self) -> None:
        """The option that every word has which needs the settings."""
        self.add_argument(
            "--config", type=Path, required=True, metavar="FILE", help="配置文件 / the configuration (TOML)"
        )


class CommandLine:
    """Words, of which one is chosen and run."""

    def __init__(self, name: str, text: str) -> None:
        """`name` is what people type before the word; `text` says what it is all about."""
        self._parser = WordParser(prog=name, description=text)
        self._words = self._parser.add_subparsers(title="命令 / commands", required=True)
        self.parsers: dict[str, WordParser] = {}
        """By the word."""

    def add(self, word: str, text: str, run: Run, *, more: str = "") -> WordParser:
        """A word and what it does; `more` stands below that on the word's own page."""
        parser = self._words.add_parser(word, help=text, description=f"{text}\n\n{more}" if more else text)
        self.parsers[word] = parser
        parser.set_defaults(run=run)
        return parser

    def add_with_settings(self, word: str, text: str, run: RunWithSettings) -> WordParser:
        """A word that needs the configuration; it is not run with one that has faults."""

        def with_settings(arguments: argparse.Namespace) -> int:
            try:
                settings = load(Settings, arguments.config)
            except ConfigFaults as faults:
                sys.stderr.write(f"{faults}\n")
                return CONFIG_EXIT
            return run(settings, arguments)

        parser = self.add(word, text, with_settings)
        parser.add_configuration()
        return parser

    def run(self, words: list[str] | None = None) -> int:
        """Run what `words` say (those of this process when None); returns the exit code.

        Raises `SystemExit` after help (0) and for words that are none (2).
        """
        arguments = self._parser.parse_args(words)
        try:
            code: int = arguments.run(arguments)
        except KeyboardInterrupt:
            return INTERRUPTED
        return code
