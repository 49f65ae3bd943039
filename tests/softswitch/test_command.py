"""The command that installing the package puts on the path."""

import importlib
import json
import tomllib
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[2] / "pyproject.toml"


def test_the_installed_command_is_the_module_s(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    module, _, name = tomllib.loads(PROJECT.read_text("utf-8"))["project"]["scripts"]["softswitch"].partition(
        ":"
    )
    monkeypatch.setattr("sys.argv", ["softswitch", "openapi"])
    assert getattr(importlib.import_module(module), name)() == 0
    assert json.loads(capsys.readouterr().out)["openapi"].startswith("3.")
