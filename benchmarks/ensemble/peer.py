"""PySD, one run at a time, on the same equations in Vensim's language (``wheel.mdl``), by the method of Euler, which is its only one."""

from __future__ import annotations

import importlib
import importlib.util
import shutil
import tempfile
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from .draws import PARAMETERS, STOCKS, Array
from .model import UNTIL

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["prepare"]

SOURCE = Path(__file__).with_name("wheel.mdl")


def prepare() -> Callable[[Array], Array] | None:
    """The model read and translated; None where PySD is not installed."""
    if importlib.util.find_spec("pysd") is None:
        return None
    pysd: Any = importlib.import_module("pysd")
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = pysd.read_vensim(shutil.copy(SOURCE, folder))

    def run(parameters: Array) -> Array:
        ends = []
        for values in parameters.T.tolist():
            table = model.run(params=dict(zip(PARAMETERS, values, strict=True)), return_columns=list(STOCKS), return_timestamps=[UNTIL])
            ends.append(table[list(STOCKS)].to_numpy()[-1])
        return np.array(ends).T

    return run
