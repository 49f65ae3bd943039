"""The words of a link: frozen dataclasses to msgpack and back, checked field by field.

A message travels as `[class name, {field: value}]`.  Both ends name the classes that they accept; whatever
else arrives is a `LinkFault`, so a process of another version can be told apart from a broken one.
"""

import dataclasses
import types
import typing
from collections.abc import Callable
from enum import Enum
from typing import Any

import msgpack

Reader = Callable[[Any], Any]
Writer = Callable[[Any], Any]

MESSAGE_MAX_BYTES = 128 * 1024
"""A longer message is refused by the sender: it must fit into the socket buffer of an untuned system."""


class LinkFault(Exception):
    """A message that does not belong to this link; `detail` says what is wrong with it."""

    def __init__(self, detail: str) -> None:
        """Keep the detail."""
        super().__init__(detail)
        self.detail = detail


class Vocabulary:
    """The message classes that may travel one way over a link, and their codec.

    Fields may be str, int, float, bool, bytes, None, enums of str or int, tuples, str-keyed dicts, dataclasses,
    and unions of these.  A field that is absent takes its default; an unknown or mistyped one is a fault.
    """

    def __init__(self, *classes: type) -> None:
        """Compile the codec of every class; a class that cannot travel raises `TypeError` here, not later."""
        self._plans: dict[type, tuple[str, tuple[tuple[str, Writer | None], ...]]] = {}
        self._builders: dict[str, Reader] = {}
        for cls in classes:
            self._learn(cls)
        self._spoken = {cls.__name__: self._builders[cls.__name__] for cls in classes}
        if len(self._spoken) != len(set(classes)):
            raise TypeError("two classes of one vocabulary share a name")

    def encode(self, message: object) -> bytes:
        """One message as bytes; raises `LinkFault` for a class that is not in the vocabulary or does not fit."""
        if type(message).__name__ not in self._spoken:
            raise LinkFault(f"{type(message).__name__} is not a message of this link")
        try:
            data: bytes = msgpack.packb(self._pack(message), unicode_errors="surrogateescape")
        except (TypeError, ValueError, OverflowError, AttributeError) as error:
            raise LinkFault(f"{type(message).__name__} cannot be sent: {error}") from error
        if len(data) > MESSAGE_MAX_BYTES:
            raise LinkFault(f"{type(message).__name__} of {len(data)} bytes is too long")
        return data

    def decode(self, data: bytes | bytearray | memoryview) -> Any:
        """The message in `data`; raises `LinkFault` when it is none of ours."""
        try:
            pair = msgpack.unpackb(
                data, use_list=False, unicode_errors="surrogateescape", strict_map_key=True
            )
        except Exception as error:  # msgpack raises half a dozen unrelated classes for broken bytes
            raise LinkFault(f"not a message: {type(error).__name__}") from error
        if type(pair) is not tuple or len(pair) != 2 or type(pair[0]) is not str:
            raise LinkFault("not a message: no class name")
        builder = self._spoken.get(pair[0])
        if builder is None:
            raise LinkFault(f"{pair[0][:64]!r} is not a message of this link")
        return builder(pair)

    # ---- compiling -----------------------------------------------------------------------------

    def _learn(self, cls: type) -> None:
        if cls in self._plans:
            return
        if not dataclasses.is_dataclass(cls):
            raise TypeError(f"{cls.__name__} is not a dataclass")
        if cls.__name__ in self._builders:
            raise TypeError(f"two classes are named {cls.__name__}")
        self._plans[cls] = (cls.__name__, ())  # known from here on, so that a class may contain itself
        self._builders[cls.__name__] = _unready
        hints = typing.get_type_hints(cls)
        fields = [field for field in dataclasses.fields(cls) if field.init]
        codecs = {field.name: self._codec(hints[field.name]) for field in fields}
        self._plans[cls] = (cls.__name__, tuple((name, codec[1]) for name, codec in codecs.items()))
        needed = frozenset(
            field.name
            for field in fields
            if field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
        )
        readers = {name: codec[0] for name, codec in codecs.items()}
        self._builders[cls.__name__] = _builder(cls, readers, needed)

    def _pack(self, message: object) -> tuple[str, dict[str, Any]]:
        name, plan = self._plans[type(message)]
        values = {}
        for field, writer in plan:
            value = getattr(message, field)
            values[field] = value if writer is None else writer(value)
        return name, values

    def _codec(self, hint: Any) -> tuple[Reader, Writer | None]:
        """The reader and writer of a type; no writer when msgpack takes the value as it is."""
        if hint in _SCALARS:
            return _SCALARS[hint], None
        origin = typing.get_origin(hint)
        arguments = typing.get_args(hint)
        if origin is tuple:
            return self._tuple_codec(arguments)
        if origin is dict and arguments[0] is str:
            return self._dict_codec(arguments[1])
        if origin in (typing.Union, types.UnionType):
            return self._union_codec(arguments)
        if isinstance(hint, type) and issubclass(hint, Enum):
            return _enum_reader(hint), (None if issubclass(hint, str) else _enum_value)
        if isinstance(hint, type) and dataclasses.is_dataclass(hint):
            self._learn(hint)
            name = hint.__name__

            def read_nested(value: Any) -> Any:
                if type(value) is not tuple or len(value) != 2 or value[0] != name:
                    raise LinkFault(f"expected a {name}")
                return self._builders[name](value)

            return read_nested, self._pack
        raise TypeError(f"{hint!r} cannot travel over a link")

    def _tuple_codec(self, arguments: tuple[Any, ...]) -> tuple[Reader, Writer | None]:
        if len(arguments) == 2 and arguments[1] is Ellipsis:
            read_item, write_item = self._codec(arguments[0])

            def read_all(value: Any) -> Any:
                if type(value) is not tuple:
                    raise LinkFault(f"expected a list, not {type(value).__name__}")
                return tuple([read_item(item) for item in value])

            if write_item is None:
                return read_all, None
            return read_all, lambda value: [write_item(item) for item in value]
        codecs = [self._codec(argument) for argument in arguments]
        readers = [codec[0] for codec in codecs]

        def read_each(value: Any) -> Any:
            if type(value) is not tuple or len(value) != len(readers):
                raise LinkFault(f"expected {len(readers)} values")
            return tuple([read(item) for read, item in zip(readers, value, strict=True)])

        writers = [codec[1] for codec in codecs]
        if not any(writers):
            return read_each, None
        return read_each, lambda value: [
            item if write is None else write(item) for write, item in zip(writers, value, strict=True)
        ]

    def _dict_codec(self, value_hint: Any) -> tuple[Reader, Writer | None]:
        read_item, write_item = self._codec(value_hint)

        def read(value: Any) -> Any:
            if type(value) is not dict or not all(type(key) is str for key in value):
                raise LinkFault(f"expected a table, not {type(value).__name__}")
            return {key: read_item(item) for key, item in value.items()}

        if write_item is None:
            return read, None
        return read, lambda value: {key: write_item(item) for key, item in value.items()}

    def _union_codec(self, arguments: tuple[Any, ...]) -> tuple[Reader, Writer | None]:
        """The first member that reads the value wins; members of one union should not look alike."""
        codecs = [self._codec(argument) for argument in arguments]
        readers = [codec[0] for codec in codecs]

        def read(value: Any) -> Any:
            for reader in readers:
                try:
                    return reader(value)
                except LinkFault:
                    continue
            raise LinkFault(f"{type(value).__name__} is not allowed here")

        if all(codec[1] is None for codec in codecs):
            return read, None

        def write(value: Any) -> Any:
            if type(value) in self._plans:
                return self._pack(value)
            if isinstance(value, tuple):
                return [write(item) for item in value]
            return value.value if isinstance(value, Enum) else value

        return read, write


def _unready(_pair: Any) -> Any:
    raise LinkFault("vocabulary is still being built")


def _builder(cls: type, readers: dict[str, Reader], needed: frozenset[str]) -> Reader:
    name = cls.__name__

    def build(pair: Any) -> Any:
        fields = pair[1]
        if type(fields) is not dict:
            raise LinkFault(f"{name}: no fields")
        values = {}
        for field, value in fields.items():
            reader = readers.get(field)
            if reader is None:
                raise LinkFault(f"{name}.{str(field)[:64]}: unknown field")
            try:
                values[field] = reader(value)
            except LinkFault as fault:
                raise LinkFault(f"{name}.{field}: {fault.detail}") from None
        if not needed <= values.keys():
            raise LinkFault(f"{name}.{min(needed - values.keys())}: missing")
        try:
            return cls(**values)
        except (TypeError, ValueError) as error:
            raise LinkFault(f"{name}: {error}") from error

    return build


def _scalar(expected: type) -> Reader:
    def read(value: Any) -> Any:
        if type(value) is not expected:
            raise LinkFault(f"expected {expected.__name__}, not {type(value).__name__}")
        return value

    return read


def _read_float(value: Any) -> float:
    if type(value) is float:
        return value
    if type(value) is int:
        return float(value)
    raise LinkFault(f"expected float, not {type(value).__name__}")


def _enum_reader(cls: type[Enum]) -> Reader:
    def read(value: Any) -> Any:
        try:
            return cls(value)
        except ValueError:
            raise LinkFault(f"{value!r} is not a {cls.__name__}") from None

    return read


def _enum_value(value: Enum) -> Any:
    return value.value


_SCALARS: dict[Any, Reader] = {
    str: _scalar(str),
    int: _scalar(int),
    bool: _scalar(bool),
    bytes: _scalar(bytes),
    float: _read_float,
    types.NoneType: _scalar(types.NoneType),
}
