"""Programs printed for a target."""

from flywheel_sim.emit.python import (
    Rates,
    compile_function,
    compile_python,
    print_python,
    tuple_of,
)

__all__ = ["Rates", "compile_function", "compile_python", "print_python", "tuple_of"]
