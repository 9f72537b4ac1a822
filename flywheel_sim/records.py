"""Frozen records: what ``dataclass(frozen=True, eq=False)`` makes, without writing and compiling code for each class.

The standard decorator costs about 0.7 ms a class, and there are some fifty classes: a tenth of a whole run of
the command. Type checkers and ``match`` treat a record like a dataclass.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, NoReturn, TypeVar, dataclass_transform

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Record", "replace"]

SHOWN = 4  # parts of a field that are written out

Some = TypeVar("Some", bound="Record")


@dataclass_transform(frozen_default=True, eq_default=False)
class Record:
    """Base of all records: the fields are the annotations, in order; a value given to one is its default.

    Records compare by identity.
    """

    __match_args__: ClassVar[tuple[str, ...]] = ()
    __defaults: ClassVar[Mapping[str, Any]] = {}
    __names: ClassVar[frozenset[str]] = frozenset()

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        own = [name for name, kind in vars(cls).get("__annotations__", {}).items() if "ClassVar" not in str(kind)]
        fields = (*(name for name in cls.__match_args__ if name not in own), *own)
        type.__setattr__(cls, "__match_args__", fields)  # type checkers take it from the annotations
        cls.__names = frozenset(fields)
        cls.__defaults = {**cls.__defaults, **{name: vars(cls)[name] for name in own if name in vars(cls)}}

    def __init__(self, *values: Any, **named: Any) -> None:
        given = dict(zip(self.__match_args__, values, strict=False))
        given.update(named)
        if len(given) < len(self.__names):
            given = {**self.__defaults, **given}
        if given.keys() != self.__names or len(values) > len(self.__names):
            raise TypeError(f"{type(self).__name__} takes {', '.join(self.__match_args__)}")
        self.__dict__.update(given)

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError(f"{type(self).__name__}.{name} cannot be changed")

    def __delattr__(self, name: str) -> NoReturn:
        raise AttributeError(f"{type(self).__name__}.{name} cannot be taken away")

    def __repr__(self) -> str:
        inside = ", ".join(f"{name}={shown(getattr(self, name))}" for name in self.__match_args__)
        return f"{type(self).__name__}({inside})"


def shown(value: object) -> str:
    """A value within a record: records share parts, so that writing all of them out would never end."""
    if isinstance(value, Record):
        return f"{type(value).__name__}(…)"
    if isinstance(value, tuple | list | dict | set | frozenset) and len(value) > SHOWN:
        return f"<{type(value).__name__} of {len(value)}>"
    if isinstance(value, tuple | list):
        return f"{type(value).__name__}({', '.join(map(shown, value))})"
    if isinstance(value, dict):
        return f"{{{', '.join(f'{shown(key)}: {shown(one)}' for key, one in value.items())}}}"
    return repr(value)


def replace(record: Some, **changes: Any) -> Some:
    """A copy of a record with some fields changed."""
    return type(record)(**{name: changes.get(name, getattr(record, name)) for name in record.__match_args__})
