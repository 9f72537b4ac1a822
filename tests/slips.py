"""What is asked of every message about a slip: the mistake of somebody who writes a first model.

A slip is a function that makes a model. Beside it stand the words its message must hold. Where the class body was
complete, the message also names the model, the equation and its line; a slip that is noticed at once, before anything
has a name, has the line in its traceback.
"""

import inspect

import pytest

from flywheel_sim.errors import ModelError


class Slips:
    """The slips of one file, as cases for a test."""

    def __init__(self):
        self.cases = []

    def named(self, *words, error=ModelError):
        """A slip that is noticed when the class is complete."""
        return self.register(True, words, error)  # noqa: FBT003  named or not

    def at_once(self, *words, error=ModelError):
        """A slip that is noticed where it stands."""
        return self.register(False, words, error)  # noqa: FBT003  named or not

    def register(self, is_named, words, error):
        def keep(make):
            self.cases.append(pytest.param(make, words, error, is_named, id=make.__name__))
            return make

        return keep


def check_message(make, words, error, is_named):
    """The words are there, a remedy is there, and the model, the equation and the line where they can be known."""
    with pytest.raises(ModelError) as caught:
        make()
    found = caught.value
    assert type(found) is error
    assert [word for word in words if word not in str(found)] == []
    assert found.fix
    if not is_named:
        return
    assert found.cause.startswith("Slip.")
    file, _, line = found.place.rpartition(":")
    lines, first = inspect.getsourcelines(make)
    assert file == inspect.getsourcefile(make)
    assert first <= int(line) < first + len(lines)
    name = found.cause.removeprefix("Slip.").split(":")[0].split(" ")[0]
    assert lines[int(line) - first].strip().startswith((f"{name} =", f"{name}, "))
