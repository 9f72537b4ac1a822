"""Long work in chunks: kept as soon as it is there, resumed after any end, on threads, processes or other machines.

A piece of work is a range of draws; what comes of it is bytes. Nothing here knows what they mean.
"""

from flywheel_sim.batch.batches import Notice, Stopped, Watch, advance, chunks_of, current_watch, run_chunks
from flywheel_sim.batch.machines import Machines, dask_executor
from flywheel_sim.batch.processes import process_executor
from flywheel_sim.batch.progress import Progress
from flywheel_sim.batch.store import Store

__all__ = [
    "Machines",
    "Notice",
    "Progress",
    "Stopped",
    "Store",
    "Watch",
    "advance",
    "chunks_of",
    "current_watch",
    "dask_executor",
    "process_executor",
    "run_chunks",
]
