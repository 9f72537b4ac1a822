"""Frozen records."""

import pytest

from flywheel_sim.library import Growth
from flywheel_sim.model import declaration
from flywheel_sim.records import Record, replace


class Point(Record):
    x: float
    y: float = 0.0


class Segment(Record):
    start: Point
    through: tuple[Point, ...] = ()


class Marked(Point):
    mark: str = "?"


def test_fields_come_in_order_with_their_defaults():
    assert (Point(1).x, Point(1).y, Point(1, y=2).y) == (1, 0.0, 2)
    marked = Marked(1, 2, "here")
    assert (marked.x, marked.y, marked.mark) == (1, 2, "here")
    assert Marked(1).mark == "?"


@pytest.mark.parametrize(("values", "named"), [((), {}), ((1, 2, 3), {}), ((1,), {"z": 3})])
def test_fields_that_are_missing_or_too_many_are_refused(values, named):
    with pytest.raises(TypeError, match="Point takes x, y"):
        Point(*values, **named)


def test_they_do_not_change():
    point = Point(1, 2)
    with pytest.raises(AttributeError, match=r"Point\.x cannot be changed"):
        point.x = 3
    with pytest.raises(AttributeError, match=r"Point\.x cannot be taken away"):
        del point.x
    moved = replace(point, x=3)
    assert (moved.x, moved.y, point.x) == (3, 2, 1)


def test_they_match_by_position_and_compare_by_identity():
    match Point(1, 2):
        case Point(x, y):
            assert (x, y) == (1, 2)
    assert Point(1) != Point(1)


def test_what_they_print_is_short():
    assert repr(Point(1, 2)) == "Point(x=1, y=2)"
    assert repr(Segment(Point(1), (Point(2), Point(3)))) == "Segment(start=Point(…), through=tuple(Point(…), Point(…)))"
    assert repr(Segment(Point(1), (Point(2),) * 5)) == "Segment(start=Point(…), through=<tuple of 5>)"
    assert len(repr(declaration(Growth))) < 5_000
