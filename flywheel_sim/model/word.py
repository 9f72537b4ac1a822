"""How the words of the language refuse: with the line on which they stand, and how they are written."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, ParamSpec, TypeVar

from flywheel_sim.errors import ModelError, UnitError
from flywheel_sim.expressions import line_of_author
from flywheel_sim.units import parse_unit

if TYPE_CHECKING:
    from collections.abc import Callable

    from flywheel_sim.units import Unit

__all__ = ["read_unit", "word"]

Given = ParamSpec("Given")
Made = TypeVar("Made")


def word(function: Callable[Given, Made]) -> Callable[Given, Made]:
    """A word of the language."""

    @functools.wraps(function)
    def said(*values: Given.args, **named: Given.kwargs) -> Made:
        try:
            return function(*values, **named)
        except ModelError as error:
            raise type(error)(error.cause, place=error.place or line_of_author(), detail=error.detail, fix=error.fix) from None
        except TypeError as error:
            if error.__traceback__ is None or error.__traceback__.tb_next is not None:
                raise
            # It failed on the way in: an argument is missing, unknown, or one too many.
            raise ModelError(str(error), place=line_of_author(), fix=f"write {usage(function)}") from None

    return said


def usage(function: Callable[..., object]) -> str:
    """How a function is called, with ``...`` for what may be left out."""
    import inspect

    inside = []
    for name, parameter in inspect.signature(function).parameters.items():
        if name == "self":
            continue
        if parameter.kind is parameter.VAR_POSITIONAL:
            inside.append(f"{name}...")
        elif parameter.default is parameter.empty and parameter.kind is not parameter.KEYWORD_ONLY:
            inside.append(name)
        else:
            inside.append(f"{name}=...")
    return f"{function.__name__}({', '.join(inside)})"


def read_unit(text: object) -> Unit:
    """The unit that a text names.

    Raises:
        UnitError: if it is no text, or names none.
    """
    if not isinstance(text, str):
        raise UnitError(f"{text!r} is not a unit", fix='write the unit as text, such as "$/account/month", or "1" for a plain number')
    return parse_unit(text)
