"""The unit and the labels of every expression, or what is wrong with them.

A literal is dimensionless, except 0, which has any unit. In the initial value of a stock a bare number that
is added stands in the stock's own unit, as in ``stock(market - 10, "account")``.
"""

from __future__ import annotations

from flywheel_sim.errors import ModelError, UnitError
from flywheel_sim.expressions import (
    COMPARISONS,
    Apply,
    Dimension,
    Expression,
    Gate,
    Labelled,
    Number,
    Pick,
    Quantity,
    Table,
    Time,
    Total,
    children,
    lift,
)
from flywheel_sim.model.measures import (
    Gain,
    Lifetime,
    Marginal,
    Measure,
    Passage,
    SoFar,
    Survival,
    Trailing,
)
from flywheel_sim.model.nodes import descend
from flywheel_sim.model.symbols import (
    Auxiliary,
    Edge,
    Flow,
    Group,
    Metric,
    Pace,
    Parameter,
    Part,
    Stock,
)
from flywheel_sim.units import ONE, Unit, conversion, parse_unit, write_number

__all__ = ["Check", "name_of", "refuse_condition", "unit_fix"]

Maybe = Unit | None  # None is the unit of 0: any


class Check:
    """Units and shapes, worked out once for each node.

    Args:
        time_unit: the model's.
        initial: whether bare numbers take the unit of what they are added to (initial values).
        measures: whether measures may stand here (metrics).
    """

    def __init__(self, time_unit: str, *, initial: bool = False, measures: bool = False) -> None:
        self.time = parse_unit(time_unit)
        self.initial = initial
        self.measures = measures
        self.units: dict[Expression, Maybe] = {}
        self.shapes: dict[Expression, Dimension | None] = {}

    # Units

    def unit(self, node: Expression) -> Maybe:
        """The unit of an expression, None for any.

        Raises:
            UnitError: if two parts of it do not fit together.
        """
        if node not in self.units:
            where = isinstance(node, Apply) and node.function == "where"
            for number in children(node)[1 if where else 0 :]:
                refuse_condition(number)
            self.units[node] = self.find_unit(node)
        return self.units[node]

    def find_unit(self, node: Expression) -> Maybe:
        match node:
            case Number():
                return None if node.value == 0 or self.initial else ONE
            case Time():
                return self.time
            case Metric() if not self.measures:
                raise ModelError(
                    "it uses a metric, and metrics are known only when the run is over",
                    fix="use what the metric is made of, or make this a metric(...) too",
                )
            case Quantity() | Table() | Parameter() | Stock() | Auxiliary() | Metric():
                if isinstance(node, Table):
                    self.unit(node.argument)
                return node.unit
            case Labelled():
                return self.same("give one unit to all labels", *(lift(value) for value in node.values.values()))
            case Pick() | Total():
                return self.unit(node.of)
            case Gate():
                return self.same("use in a gate", node.signal, *([] if node.off is None else [node.off]))
            case Group():
                return self.same("group", *node.members)
            case Flow():
                return self.per_time(self.unit(node.source if isinstance(node.source, Expression) else node.destination))  # type: ignore[arg-type]
            case Edge():
                return self.per_time(self.unit(node.group))
            case Pace():
                return ONE
            case Part():
                return self.unit(node.expression)
            case Measure():
                return self.measure_unit(node)
            case Apply():
                return self.apply_unit(node)
            case _:
                raise TypeError(f"the unit check does not know {type(node).__name__}")

    def per_time(self, unit: Maybe) -> Maybe:
        return None if unit is None else unit / self.time

    def same(self, verb: str, *nodes: Expression) -> Maybe:
        """The unit that all of these have in common."""
        common: Maybe = None
        first: Expression | None = None
        for node in nodes:
            unit = self.unit(node)
            if unit is None:
                continue
            if common is None:
                common, first = unit, node
            elif unit != common:
                raise UnitError(f"cannot {verb} {name_of(common)} and {name_of(unit)}", fix=remedy(first, common, node, unit))
        return common

    def apply_unit(self, node: Apply) -> Maybe:
        name, arguments = node.function, node.arguments
        if name in {"+", "-"}:
            return self.same("add" if name == "+" else "subtract", *arguments)
        if name in COMPARISONS:
            self.same("compare", *arguments)
            return ONE
        if name in {"minimum", "maximum"}:
            return self.same(f"take the {name} of", *arguments)
        if name == "negative":
            return self.unit(arguments[0])
        if name in {"*", "/"}:
            left, right = self.unit(arguments[0]), self.unit(arguments[1])
            if name == "/" and isinstance(arguments[1], Number) and arguments[1].value == 0:
                raise ModelError("it divides by 0", fix="write ratio(a, b, empty=c) where b can become 0")
            if name == "*":
                return (left or ONE) * (right or ONE) if left is not None or right is not None else None
            return None if left is None else left / (right or ONE)
        if name == "ratio":
            numerator, denominator = self.unit(arguments[0]), self.unit(arguments[1])
            inside = None if numerator is None else numerator / (denominator or ONE)
            empty = self.unit(arguments[2])
            if inside is not None and empty is not None and inside != empty:
                raise UnitError(f"the ratio is in {inside}, but its value when empty in {empty}", fix=f"give empty= in {inside}")
            return inside if inside is not None else empty
        if name == "where":
            if self.unit(arguments[0]) != ONE or not is_condition(arguments[0]):
                raise ModelError("where needs a condition", fix="make one with < <= > or >=")
            return self.same("choose between", *arguments[1:])
        if name == "sqrt":
            unit = self.unit(arguments[0])
            return None if unit is None else unit**0.5
        if name == "**":
            return self.power_unit(*arguments)
        unit = self.unit(arguments[0])
        if unit not in {None, ONE}:
            raise UnitError(f"{name} takes a number without a unit, not {unit}", fix=f"divide by something in {unit} first")
        return ONE

    def power_unit(self, base: Expression, exponent: Expression) -> Maybe:
        if self.unit(exponent) not in {None, ONE}:
            raise UnitError(f"an exponent has no unit, this one is in {self.unit(exponent)}", fix="divide it by its unit")
        unit = self.unit(base)
        if unit is None or unit == ONE:
            return unit
        if isinstance(exponent, Apply) and exponent.function == "negative" and isinstance(exponent.arguments[0], Number):
            return unit ** -exponent.arguments[0].value
        if not isinstance(exponent, Number):
            raise UnitError(f"{unit} can be raised only to a plain number", fix="divide the base by its unit first")
        return unit**exponent.value

    def measure_unit(self, node: Measure) -> Maybe:
        if not self.measures:
            word = {"SoFar": "so_far"}.get(type(node).__name__, type(node).__name__.lower())
            raise ModelError(
                f"{word} looks back over a run, so it can stand only in a metric", fix="use it in metric(...), or a stock to accumulate"
            )
        if isinstance(node, SoFar | Trailing) and any(isinstance(inner, Measure | Metric) for inner in (node.of, *descend(node.of))):
            raise ModelError(
                "a measure looks back over the running model, not over another measure", fix="put stocks, flows and equations inside it"
            )
        match node:
            case SoFar():
                unit = self.unit(node.of)
                return None if unit is None else unit * self.time
            case Trailing():
                self.expect(node.window, self.time, "the window")
                return self.unit(node.of)
            case Lifetime():
                self.expect(node.discount, ONE / self.time, "the discount")
                return self.time
            case Survival():
                self.expect(node.time, self.time, "the time")
                return ONE
            case Passage():
                return self.time
            case Gain():
                return ONE
            case Marginal():
                cost, result = self.unit(node.cost), self.unit(node.result)
                return None if cost is None else cost / (result or ONE)
            case _:
                raise TypeError(f"the unit check does not know {type(node).__name__}")

    def expect(self, node: Expression, unit: Unit, what: str) -> None:
        """Refuse a node whose unit is not, or cannot be, ``unit``."""
        found = self.unit(node)
        if found is not None and found != unit:
            raise UnitError(f"{what} must be in {unit}, but is in {name_of(found)}", fix=unit_fix(found, unit, node))

    # Shapes

    def shape(self, node: Expression) -> Dimension | None:
        """What an expression is arrayed over, or None for a plain value.

        Raises:
            ModelError: if unrelated dimensions meet or a label is missing.
        """
        if node not in self.shapes:
            self.shapes[node] = self.find_shape(node)
        return self.shapes[node]

    def find_shape(self, node: Expression) -> Dimension | None:
        match node:
            case Parameter():
                return node.dimension
            case Stock():
                return initial_shape(node, self)
            case Auxiliary() | Metric() | Part():
                return self.shape(node.expression)
            case Labelled():
                missing = [label for label in node.dimension.labels if label not in node.values]
                if missing:
                    raise ModelError(f"a value is missing for {', '.join(missing)}", fix=f"name every label: {missing[0]}=...")
                for label, value in node.values.items():
                    if self.shape(lift(value)) is not None:
                        raise ModelError(
                            f"the value for {label} is itself a value per label",
                            fix="pick one label with x[label], or add up with total(x)",
                        )
                return node.dimension
            case Pick():
                inner = self.shape(node.of)
                if inner is None:
                    raise ModelError(f"it has no labels, so there is no [{node.label!r}] of it", fix="leave the label out")
                if node.label not in inner.labels:
                    raise ModelError(f"there is no label {node.label!r}", fix=f"the labels are {', '.join(inner.labels)}")
                return None
            case Total():
                if self.shape(node.of) is None:
                    raise ModelError("total adds up labels, and this has none", fix="leave total out")
                return None
            case Gate():
                return self.meet(node.signal, *([] if node.off is None else [node.off]))
            case Flow():
                return self.flow_shape(node)
            case Table():
                return self.shape(node.argument)
            case SoFar() | Trailing():
                return self.shape(node.of)
            case Apply():
                return self.meet(*node.arguments)
            case _:
                return None

    def flow_shape(self, node: Flow) -> Dimension | None:
        """Where the labels of the two ends meet. A group has none of its own: its members keep to those of the destination."""
        there = self.shape(node.destination) if isinstance(node.destination, Expression) else None
        if not isinstance(node.source, Expression):
            return there
        members = node.source.members if isinstance(node.source, Group) else (node.source,)
        met = there
        for here in filter(None, map(self.shape, members)):
            met = here if there is None else here.meet(there)
            if there is not None and met is None:
                raise ModelError(
                    f"its ends have unrelated labels: {', '.join(here.labels)} and {', '.join(there.labels)}",
                    fix='pick one label of an end: stock["label"]',
                )
        return there if isinstance(node.source, Group) else met

    def meet(self, *nodes: Expression) -> Dimension | None:
        """Where the shapes of several values meet label by label."""
        met: Dimension | None = None
        for node in nodes:
            shape = self.shape(node)
            if shape is None:
                continue
            if met is None:
                met = shape
                continue
            common = met.meet(shape)
            if common is None:
                raise ModelError(
                    f"values with unrelated labels meet: {', '.join(met.labels)} and {', '.join(shape.labels)}",
                    fix="add one up with total(x) or pick one label with x[label]",
                )
            met = common
        return met


def initial_shape(stock: Stock, check: Check) -> Dimension | None:
    """The shape of a stock is that of its initial value, in which unnamed labels are 0."""
    return stock.initial.dimension if isinstance(stock.initial, Labelled) else check.shape(stock.initial)


def is_condition(node: Expression) -> bool:
    return isinstance(node, Apply) and node.function in COMPARISONS


def refuse_condition(node: Expression) -> None:
    """Refuse a comparison where a number is meant."""
    if is_condition(node):
        raise ModelError("a condition is not a number", fix="use it in where(condition, then, otherwise)")


def name_of(unit: Unit) -> str:
    """A unit in a sentence."""
    return "a plain number" if unit == ONE else str(unit)


def unit_fix(found: Unit, wanted: Unit, equation: Expression | None = None) -> str:
    """How to get from one unit to another."""
    if isinstance(equation, Number):
        return f'write constant({write_number(equation.value)}, "{wanted}"), or a parameter in {wanted}'
    times = conversion(found, wanted)
    if times is not None:
        return f"convert it: 1 {found} is {write_number(times)} {wanted}"
    if wanted == ONE:
        return f"divide by something in {found}, or state the unit {found}"
    return f"multiply by something in {wanted / found}, or state the unit it has"


def remedy(first: Expression | None, common: Unit, second: Expression, unit: Unit) -> str:
    """What to write so that two units agree."""
    for node, other in ((first, unit), (second, common)):
        if isinstance(node, Number):
            return f'a bare number has no unit; write constant({write_number(node.value)}, "{other}") if that is what it is in'
    return f"multiply one side by something in {unit / common}, or check which was meant"
