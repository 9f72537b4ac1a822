"""The language in which models are declared, and the checks it makes."""

from flywheel_sim.model.arithmetic import (
    constant,
    dimension,
    exp,
    log,
    maximum,
    minimum,
    outside,
    ratio,
    sqrt,
    table,
    time,
    total,
    where,
)
from flywheel_sim.model.declaration import Declaration
from flywheel_sim.model.declare import aux, claim, flow, friction, group, loop, metric, staff, stock
from flywheel_sim.model.kind import Model, ModelKind, declaration
from flywheel_sim.model.setting import factor, lever, param, share, split

__all__ = [
    "Declaration",
    "Model",
    "ModelKind",
    "aux",
    "claim",
    "constant",
    "declaration",
    "dimension",
    "exp",
    "factor",
    "flow",
    "friction",
    "group",
    "lever",
    "log",
    "loop",
    "maximum",
    "metric",
    "minimum",
    "outside",
    "param",
    "ratio",
    "share",
    "split",
    "sqrt",
    "staff",
    "stock",
    "table",
    "time",
    "total",
    "where",
]
