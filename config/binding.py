"""Tables of a configuration file, bound to frozen dataclasses field by field; every mistake is kept."""

import re
import types
from collections.abc import Mapping
from dataclasses import MISSING, Field, dataclass, field, fields, is_dataclass
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from config.faults import Fault
from config.values import ABSENT, check, choice, close_match, shown

__all__ = ["Binding"]


@dataclass(slots=True, kw_only=True)
class Binding:
    """One walk over one document.

    `faults` collects the mistakes, `has_secrets` tells that a secret stands in the document, and `complete` that
    every table could be made, so that all checks between tables have run.
    """

    faults: list[Fault] = field(default_factory=list)
    has_secrets: bool = False
    complete: bool = True

    def table(self, cls: Any, raw: Any, path: str = "") -> Any:
        """An instance of the dataclass `cls`, or `ABSENT` when a value that it needs is missing or unusable."""
        if not isinstance(raw, dict):
            return self._fault(path, raw, "应为表 / a table")
        hints = get_type_hints(cls)
        known = {item.name: item for item in fields(cls) if item.init}
        meant = self._unknown_keys(known, raw, path)
        values: dict[str, Any] = {}
        for name, item in known.items():
            place = _joined(path, name)
            if name in raw:
                values[name] = self.value(hints[name], raw[name], item.metadata, place)
            elif name in meant:
                values[name] = ABSENT
            elif item.default is MISSING and item.default_factory is MISSING:
                values[name] = self._fault(place, ABSENT, "缺少此键 / this key is missing", _purpose(item))
        if any(value is ABSENT for value in values.values()):
            self.complete = False
            return ABSENT
        made = cls(**values)
        if callable(crossed := getattr(made, "faults", None)):
            for below, message in crossed():
                self.faults.append(Fault(path=_joined(path, below), expected=message))
        return made

    def value(self, kind: Any, raw: Any, terms: Mapping[str, Any], path: str) -> Any:
        """A value of any declared type, or `ABSENT`."""
        origin, inside = get_origin(kind), get_args(kind)
        if origin in (Union, types.UnionType):
            return self._optional(inside, raw, terms, path)
        if origin is tuple:
            return self._row(inside, raw, terms, path)
        if origin is dict:
            return self._named(inside, raw, terms, path)
        if is_dataclass(kind):
            return self.table(kind, raw, path)
        secret = bool(terms.get("secret"))
        self.has_secrets |= secret and raw != ""
        checked = choice(inside, raw) if origin is Literal else check(kind, raw, terms)
        if checked.expected:
            self._fault(path, "****" if secret else raw, checked.expected, checked.suggestion, plain=secret)
        return checked.value

    def _optional(self, kinds: tuple[Any, ...], raw: Any, terms: Mapping[str, Any], path: str) -> Any:
        present = [kind for kind in kinds if kind is not type(None)]
        if len(present) != 1:
            raise TypeError(f"config cannot bind a choice of types: {path}")
        return self.value(present[0], raw, terms, path)

    def _row(self, inside: tuple[Any, ...], raw: Any, terms: Mapping[str, Any], path: str) -> Any:
        if len(inside) != 2 or inside[1] is not Ellipsis:
            raise TypeError(f"config binds only tuple[X, ...]: {path}")
        if not isinstance(raw, list):
            if is_dataclass(inside[0]):
                return self._fault(path, raw, "应为多个表 / tables", f"写作 / written [[{path}]]")
            return self._fault(path, raw, "应为列表 / a list", "加方括号 / put it in [ ]")
        names = [_name_of(inside[0], item) for item in raw]
        made = [
            self.value(inside[0], item, terms, _item(path, number, names)) for number, item in enumerate(raw)
        ]
        return ABSENT if any(item is ABSENT for item in made) else tuple(made)

    def _named(self, inside: tuple[Any, ...], raw: Any, terms: Mapping[str, Any], path: str) -> Any:
        if inside[0] is not str:
            raise TypeError(f"config binds only dict[str, X]: {path}")
        if not isinstance(raw, dict):
            return self._fault(path, raw, "应为表 / a table")
        made = {
            key: self.value(inside[1], item, terms, _joined(path, _key(key))) for key, item in raw.items()
        }
        return ABSENT if any(item is ABSENT for item in made.values()) else made

    def _unknown_keys(self, known: Mapping[str, Field[Any]], raw: dict[str, Any], path: str) -> set[str]:
        """Report keys that no field has; the fields that were probably meant are not reported as missing too."""
        meant: set[str] = set()
        for key in raw:
            if key in known:
                continue
            likely = close_match(key, known.keys() - raw.keys() - meant)
            hint = f"是否为 / did you mean {likely}?" if likely else ""
            if likely:
                meant.add(likely)
                # A misspelt password is a password: the file must be closed to others all the same.
                self.has_secrets |= bool(known[likely].metadata.get("secret"))
            # The value is never shown: it may be a secret under a misspelt key.
            self.faults.append(
                Fault(path=_joined(path, _key(key)), expected="未知的键 / unknown key", suggestion=hint)
            )
        return meant

    def _fault(self, path: str, raw: Any, expected: str, hint: str = "", *, plain: bool = False) -> Any:
        value = "" if raw is ABSENT else raw if plain else shown(raw)
        self.faults.append(Fault(path=path, value=value, expected=expected, suggestion=hint))
        return ABSENT


def _purpose(item: Field[Any]) -> str:
    return str(item.metadata.get("doc", ""))


def _joined(path: str, name: str) -> str:
    return f"{path}.{name}" if path and name else path or name


def _key(key: str) -> str:
    return key if re.fullmatch(r"[\w\-]+", key) else shown(key)


def _name_of(kind: Any, item: Any) -> str:
    """What people call a table of a list: its first field, when that is a plain string."""
    if not is_dataclass(kind) or not isinstance(item, dict):
        return ""
    first = fields(kind)[0]
    name = item.get(first.name)
    if (
        not isinstance(name, str)
        or first.metadata.get("secret")
        or get_type_hints(kind)[first.name] is not str
    ):
        return ""
    return name if re.fullmatch(r"[\w\-]{1,40}", name) else ""


def _item(path: str, number: int, names: list[str]) -> str:
    name = names[number]
    return f"{path}.{name}" if name and names.count(name) == 1 else f"{path}[{number}]"
