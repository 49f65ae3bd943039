"""The walls of the design: who may import whom, who may touch pjsua2, how large a file may grow."""

import ast
import re
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("softswitch", "acd", "media", "api", "config")
ALLOWED_EDGES = {
    "softswitch": {"softswitch", "acd", "media", "api", "config"},
    "api": {"api", "acd"},
    "acd": {"acd"},
    "media": {"media"},
    "config": {"config"},
}
ACD_FORBIDDEN = {"asyncio", "time", "socket", "threading", "random", "secrets", "logging", "structlog", "os"}
FORBIDDEN_NAMES = {"utils", "util", "helpers", "helper", "manager", "common", "base", "misc"}
PRODUCT_LINES, TEST_LINES = 600, 800
# Numbers are what telephones have; nothing is ever run as a script from that folder.
NAMED_BY_THE_DOMAIN = {"softswitch/calls/numbers.py"}
# The window in which the writer gathers one group commit is its own; it belongs to no call.
OTHER_TIMERS = {"softswitch/store/writer.py": 1, "api/server.py": 1}
"""The interface does not know the clock of `softswitch`: its connections have a deadline of their own."""
IRREGULAR_PAST = {
    "Began", "Broke", "Chosen", "Fell", "Found", "Gone", "Got", "Heard", "Held", "Kept", "Known", "Left", "Lost",
    "Made", "Met", "Out", "Put", "Rang", "Ready", "Sent", "Set", "Shown", "Spoken", "Stood", "Taken", "Told",
    "Up", "Down", "Withdrew", "Withdrawn", "Written", "In", "Elsewhere",
}  # fmt: skip


def _files(*folders: str) -> list[Path]:
    found = [path for folder in folders for path in (ROOT / folder).rglob("*.py")]
    return sorted(path for path in found if "__pycache__" not in path.parts)


def _name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def _module(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _imports(path: Path) -> Iterator[tuple[int, str]]:
    """Every absolute import at any depth of the file, `TYPE_CHECKING` blocks and functions included."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{_name(path)}:{node.lineno}: relative import"
            assert node.module is not None
            yield node.lineno, node.module
            yield from ((node.lineno, f"{node.module}.{alias.name}") for alias in node.names)


def test_packages_import_only_along_the_allowed_edges() -> None:
    wrong = [
        f"{_name(path)}:{line}: {package} -> {target}"
        for package in PACKAGES
        for path in _files(package)
        for line, target in _imports(path)
        if target.partition(".")[0] in {*PACKAGES, "tests", "bench"} - ALLOWED_EDGES[package]
    ]
    assert not wrong, "\n".join(wrong)


def test_no_module_imports_itself_by_a_detour() -> None:
    modules = {_module(path): path for path in _files(*PACKAGES)}
    edges: dict[str, set[str]] = defaultdict(set)
    for module, path in modules.items():
        edges[module] = {target for _, target in _imports(path) if target in modules and target != module}
    done: set[str] = set()

    def walk(module: str, trail: tuple[str, ...]) -> None:
        assert module not in trail, "cycle: " + " -> ".join((*trail[trail.index(module) :], module))
        if module not in done:
            for target in sorted(edges[module]):
                walk(target, (*trail, module))
            done.add(module)

    for module in sorted(modules):
        walk(module, ())


def test_pjsua2_is_touched_only_by_cells_and_by_test_phones() -> None:
    allowed = ("softswitch/cells/", "tests/phones/", "tests/cells/")
    wrong = [
        f"{_name(path)}:{line}"
        for path in _files(*PACKAGES, "tests", "bench")
        for line, target in _imports(path)
        if target.partition(".")[0] == "pjsua2" and not _name(path).startswith(allowed)
    ]
    assert not wrong, "\n".join(wrong)


def test_the_acd_knows_neither_clock_nor_network_nor_chance() -> None:
    wrong = [
        f"{_name(path)}:{line}: {target}"
        for path in _files("acd")
        for line, target in _imports(path)
        if target.partition(".")[0] in ACD_FORBIDDEN
        or (target.partition(".")[0] not in sys.stdlib_module_names | {"acd"})
        or target in {"datetime.datetime", "datetime.date"}
    ]
    assert not wrong, "\n".join(wrong)


def test_the_interpreter_of_flows_is_pure() -> None:
    """Time, keys and answers are told to it; it does nothing itself."""
    files = _files("softswitch/flows")
    assert any(path.name == "interpreter.py" for path in files)
    wrong = [
        f"{_name(path)}:{line}: {target}"
        for path in files
        for line, target in _imports(path)
        if target.partition(".")[0] in ACD_FORBIDDEN
    ]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize(
    ("folders", "lines"),
    [(PACKAGES, PRODUCT_LINES), (("tests", "bench"), TEST_LINES)],
    ids=["product", "tests"],
)
def test_no_file_outgrows_its_wall(folders: tuple[str, ...], lines: int) -> None:
    long = {_name(path): len(path.read_text(encoding="utf-8").splitlines()) for path in _files(*folders)}
    assert not {name: count for name, count in long.items() if count > lines}


def test_files_are_nouns_and_shadow_no_standard_module() -> None:
    wrong = []
    for path in _files(*PACKAGES, "bench"):
        stem = path.stem.lstrip("_")
        if path.stem.startswith("__"):
            continue
        if _name(path) in NAMED_BY_THE_DOMAIN:
            continue
        if stem in FORBIDDEN_NAMES or path.stem in sys.stdlib_module_names:
            wrong.append(_name(path))
    assert not wrong, f"forbidden names: {wrong}"


def test_one_timer_is_armed_in_one_place() -> None:
    armed = {
        _name(path): len(re.findall(r"\.call_(?:at|later)\(", path.read_text(encoding="utf-8")))
        for path in _files(*PACKAGES)
    }
    found = {name: count for name, count in armed.items() if count}
    assert found.pop("softswitch/clock.py") == 1
    assert found.items() <= OTHER_TIMERS.items()


def test_nothing_sleeps_where_a_deadline_belongs() -> None:
    """Everything waits by deadline (softswitch/clock.py)."""
    wrong = [
        _name(path)
        for path in _files(*PACKAGES)
        if re.search(r"\basyncio\.sleep\((?!0\))", path.read_text(encoding="utf-8"))
    ]
    assert not wrong


def _dataclasses(path: Path) -> Iterator[tuple[ast.ClassDef, dict[str, object] | None]]:
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if not isinstance(node, ast.ClassDef) or any(
            _text(b).endswith(("Enum", "Protocol")) for b in node.bases
        ):
            continue
        options: dict[str, object] | None = None
        for decorator in node.decorator_list:
            if isinstance(decorator, ast.Call) and _text(decorator.func).endswith("dataclass"):
                options = {k.arg or "": ast.literal_eval(k.value) for k in decorator.keywords}
        yield node, options


def _text(node: ast.AST) -> str:
    return ast.unparse(node)


WORD_FILES = [
    path for path in _files(*PACKAGES) if path.stem in {"events", "commands", "messages", "entries"}
]


@pytest.mark.parametrize("path", WORD_FILES, ids=_name)
def test_what_crosses_a_wall_is_frozen(path: Path) -> None:
    wanted = {"frozen": True, "slots": True, "kw_only": True}
    wrong = [node.name for node, options in _dataclasses(path) if options != wanted]
    assert not wrong, f"{_name(path)}: not frozen, slotted and keyword-only: {wrong}"


@pytest.mark.parametrize("path", [path for path in WORD_FILES if path.stem == "events"], ids=_name)
def test_events_are_named_in_the_past_tense(path: Path) -> None:
    """The classes of the module's `…Event` union end in a participle; the rest are values that events carry."""
    unions = {
        name
        for node in ast.parse(path.read_text(encoding="utf-8")).body
        if isinstance(node, ast.Assign) and _text(node.targets[0]).endswith("Event")
        for name in re.findall(r"\w+", _text(node.value))
    }
    assert unions, f"{_name(path)} names no union of its events"
    wrong = []
    for name in sorted(unions):
        last = re.findall(r"[A-Z][a-z0-9]*", name)[-1]
        if last != "Event" and not last.endswith("ed") and last not in IRREGULAR_PAST:
            wrong.append(name)
    assert not wrong, f"{_name(path)}: not past tense: {wrong}"


def test_the_product_speaks_to_people_only_through_its_log() -> None:
    speakers = {"softswitch/__main__.py"}
    wrong = [
        f"{_name(path)}:{node.lineno}"
        for path in _files("softswitch", "acd", "media", "api")
        if _name(path) not in speakers and not path.name.startswith("__main__")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print"
    ]
    assert not wrong
