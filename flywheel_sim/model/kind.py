"""``Model``: the class whose body declares a model."""

from __future__ import annotations

import sys
from typing import Any, NoReturn

from flywheel_sim.errors import ModelError, closest
from flywheel_sim.expressions import Expression
from flywheel_sim.model.build import SETTINGS, build
from flywheel_sim.model.declaration import Declaration
from flywheel_sim.model.symbols import Auxiliary, Flow, Group, Metric, Parameter, Staff, Stock, Switch

__all__ = ["Model", "ModelKind", "declaration"]


class NotDeclaredError(ModelError, NameError):
    """A name in a class body that nothing has yet: Python's own error and ours."""


# What is declared by a word of its own, and would be lost without a name.
PARTS = (Parameter, Stock, Auxiliary, Group, Flow, Metric, Switch, Staff)


class Body(dict[str, object]):
    """A class body while it is written: no name twice, nothing under two names, and the line of each."""

    def __init__(self, model: str) -> None:
        super().__init__()
        self.model = model
        self.places: dict[str, str] = {}
        self.declared: dict[object, str] = {}

    def __setitem__(self, name: str, value: object) -> None:
        frame = sys._getframe(1)  # noqa: SLF001  the line of the class body that is being written
        place = f"{frame.f_code.co_filename}:{frame.f_lineno}"
        if name in SETTINGS and isinstance(value, PARTS) and value not in self.declared:
            raise ModelError(
                f"{self.model}.{name} is a setting of the model and cannot name a part of it",
                place=place,
                fix=f"give the {type(value).__name__.lower()} another name; then {name} = that_name is possible",
            )
        if name not in SETTINGS and isinstance(value, Expression | Switch | Staff):
            if name in self:
                raise ModelError(
                    f"{self.model}.{name} is declared twice",
                    place=place,
                    fix=f"the first stands at {self.places.get(name, 'the top')}; give one of the two another name",
                )
            if value in self.declared:
                raise ModelError(
                    f"{self.model}.{name} is a second name for {self.declared[value]}",
                    place=place,
                    fix=f"use {self.declared[value]}, or write aux({self.declared[value]}, unit) for a copy",
                )
            self.declared[value] = name
        elif name in self.declared.values():
            raise ModelError(f"{self.model}.{name} is declared twice", place=place, fix="give one of the two another name")
        self.places[name] = place
        super().__setitem__(name, value)

    def __missing__(self, name: str) -> NoReturn:
        """A name that the class body does not hold: Python looks further, and where that is in vain we say so."""
        frame = sys._getframe(1)  # noqa: SLF001  the line of the class body that asks
        if name in frame.f_globals or name in frame.f_builtins or name in frame.f_code.co_freevars or name.startswith("__"):
            raise KeyError(name)  # __annotations__, for one, is asked for before it is made
        found = closest(name, [*self.declared.values(), *frame.f_globals])
        meant = f"did you mean {found}? Otherwise " if found else ""
        raise NotDeclaredError(
            f"{self.model}: {name} is not declared so far",
            place=f"{frame.f_code.co_filename}:{frame.f_lineno}",
            fix=f"{meant}declare it above this line, or import it; what goes in a circle goes through a stock",
        )


class ModelKind(type):
    """Makes the declaration from the class body; gives the class a readable text of its own."""

    __declaration__: Declaration | None

    @classmethod
    def __prepare__(cls, name: str, bases: tuple[type, ...], /, **options: Any) -> Body:
        if any(getattr(base, "__declaration__", None) for base in bases):
            raise ModelError(f"{name} cannot be derived: a model is final", fix="declare a model of its own, with Model as its only base")
        return Body(name)

    def __new__(cls, name: str, bases: tuple[type, ...], body: Body, /, **options: Any) -> ModelKind:
        made = super().__new__(cls, name, bases, dict(body), **options)
        made.__declaration__ = build(name, body, body.places) if bases else None
        return made

    def __setattr__(cls, name: str, value: object) -> None:
        if name in vars(cls) and cls.__dict__.get("__declaration__") is not None:
            raise ModelError(
                f"{cls.__name__}.{name} cannot be changed: a model is final", fix="set values in a scenario, or pass values= to simulate"
            )
        super().__setattr__(name, value)

    def __call__(cls, *_: object, **__: object) -> NoReturn:
        raise ModelError(f"{cls.__name__} is declared, not called", fix=f"run it with simulate({cls.__name__}, until=60)")

    def __repr__(cls) -> str:
        from flywheel_sim.model.show import text_page

        return text_page(cls.__declaration__) if cls.__declaration__ is not None else super().__repr__()

    def _repr_html_(cls) -> str:
        from flywheel_sim.model.show import html_page

        return html_page(declaration(cls))


class Model(metaclass=ModelKind):
    """Base of all models: declare stocks, flows and what they rest on in the body of a subclass."""


def declaration(model: ModelKind) -> Declaration:
    """The declaration of a model class.

    Raises:
        ModelError: if it is no declared model.
    """
    found = getattr(model, "__declaration__", None)
    if not isinstance(found, Declaration):
        raise ModelError(f"{model!r} is no declared model", fix="pass a subclass of Model")
    return found
