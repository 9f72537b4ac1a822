"""Units of measure, and quantities as people write them."""

from flywheel_sim.units.quantity import CURRENCIES, MULTIPLES, Quantity, parse_quantity, read_quantity
from flywheel_sim.units.unit import ONE, TIME_WORDS, Unit, conversion, parse_unit
from flywheel_sim.units.write import example, write_number, write_quantity, write_unit

__all__ = [
    "CURRENCIES",
    "MULTIPLES",
    "ONE",
    "TIME_WORDS",
    "Quantity",
    "Unit",
    "conversion",
    "example",
    "parse_quantity",
    "parse_unit",
    "read_quantity",
    "write_number",
    "write_quantity",
    "write_unit",
]
