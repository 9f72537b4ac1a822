"""Results: labelled series with units and provenance, and nothing of how they were computed.

::

    Series      what is known of a series before it is read
    Run         one strategy, run: every series over the saved times
    └── Futures     ... in many draws at once: quantiles, or every draw
    About       where a result comes from, and how sure its numbers are
    Failure     a draw that failed
    Result      every strategy of a study, run

Series are kept as they come and become NumPy arrays when somebody asks for one, so that a run that only prints
a verdict never loads NumPy.
"""

from flywheel_sim.result.about import About, Failure
from flywheel_sim.result.futures import QUANTILES, Futures
from flywheel_sim.result.result import Result
from flywheel_sim.result.run import Run, columns_of, reader
from flywheel_sim.result.series import Series, column_name, undefined_to_none

__all__ = [
    "QUANTILES",
    "About",
    "Failure",
    "Futures",
    "Result",
    "Run",
    "Series",
    "column_name",
    "columns_of",
    "reader",
    "undefined_to_none",
]
