"""Streaming summaries: exact while small, within the stated bound beyond, and the same bits in any order."""

import copy
import hashlib
import itertools
import pickle
import zlib
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from flywheel_sim.errors import UsageError
from flywheel_sim.summary import Summary, histogram, pack
from flywheel_sim.summary.histogram import BLOCK

DRAWS = 200_000
SHARES = (0.0, 1e-5, 0.001, 0.01, 0.05, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 0.999, 1.0)
NEVER = 2**62  # bytes: values are always kept
AT_ONCE = 0  # bytes: values are never kept


def series():
    rng = np.random.default_rng(4)
    skewed = rng.lognormal(0, 3, DRAWS)
    signed = rng.normal(0.1, 1, DRAWS)
    return {
        "skewed": skewed,
        "negative": -skewed,
        "signed": signed,
        "skewed to both sides": skewed * np.sign(signed),
        "constant": np.full(DRAWS, 3.7),
        "nearly constant": 1e6 + signed,
        "tiny": skewed * 1e-300,
        "huge": skewed * 1e300,
        "with gaps": np.where(rng.random(DRAWS) < 0.3, np.nan, signed),
        "one value": np.where(np.arange(DRAWS) == 7, 2.5, np.nan),
        "zero": np.zeros(DRAWS),
        "zero or more": np.where(rng.random(DRAWS) < 0.6, 0.0, skewed),
        "discrete": rng.integers(-3, 4, DRAWS).astype(float),
        "two far apart": np.where(rng.random(DRAWS) < 0.5, 1e-3, 1e9),
        "nothing": np.full(DRAWS, np.nan),
    }


SERIES = series()
TABLE = np.array(list(SERIES.values()))
SCALES = np.nan_to_num(np.abs(TABLE[:, :64])).max(axis=1)


def fed(values, cuts=(), exact=AT_ONCE, scale=None, order=None):
    """A summary of values, added in pieces, which may come in another order."""
    summary = Summary(len(values), SCALES if scale is None else scale, exact)
    edges = [0, *cuts, values.shape[1]]
    pieces = list(itertools.pairwise(edges))
    for place in range(len(pieces)) if order is None else order:
        start, end = pieces[place]
        summary.add(np.ascontiguousarray(values[:, start:end]), start)
    return summary


def same(a, b):
    """Whether two summaries are the same, in every bit of every result."""
    shares = [0, 0.1, 0.5, 1]
    results = [
        [
            one.count,
            one.undefined,
            one.least,
            one.greatest,
            one.quantiles(shares),
            one.error,
            one.draws,
            np.frombuffer(one.to_bytes(), "u1"),
        ]
        for one in (a, b)
    ]
    return all(np.array(x).tobytes() == np.array(y).tobytes() for x, y in zip(*results, strict=True))


@pytest.fixture(scope="module")
def counted():
    return fed(TABLE, range(30_011, DRAWS, 30_011))


# The bound


@pytest.mark.parametrize("name", SERIES)
def test_the_stated_bound_holds(counted, name):
    cell = list(SERIES).index(name)
    values = SERIES[name][~np.isnan(SERIES[name])]
    found = counted.quantiles(SHARES)[:, cell]
    assert counted.error == 2.0**-8 < 0.005
    assert (counted.count[cell], counted.undefined[cell]) == (len(values), DRAWS - len(values))
    if not len(values):
        assert np.isnan([*found, counted.least[cell], counted.greatest[cell]]).all()
        return
    assert (counted.least[cell], counted.greatest[cell]) == (values.min(), values.max()) == (found[0], found[-1])
    low, high = (np.quantile(values, SHARES, method=method) for method in ("lower", "higher"))
    share = (len(values) - 1) * np.array(SHARES) % 1
    exact = np.quantile(values, SHARES)
    bound = counted.error * ((1 - share) * np.abs(low) + share * np.abs(high)) + counted.floors[cell]
    assert (np.abs(found - exact) <= bound).all()
    assert (np.diff(found) >= 0).all()


def test_the_bound_is_relative_where_values_have_one_sign(counted):
    for name in ("skewed", "negative", "nearly constant", "tiny", "huge"):
        cell = list(SERIES).index(name)
        exact = np.quantile(SERIES[name], SHARES)
        assert (np.abs(counted.quantiles(SHARES)[:, cell] / exact - 1) <= counted.error).all()


def test_a_constant_is_exact(counted):
    for name, value in {"constant": 3.7, "zero": 0.0, "one value": 2.5}.items():
        assert (counted.quantiles(SHARES)[:, list(SERIES).index(name)] == value).all()


def test_between_values_that_lie_far_apart_it_goes_straight():
    values = np.repeat([[1.0, 3e6]], 50, axis=0).reshape(1, -1)
    values = np.sort(values, axis=1)
    found = fed(values, scale=np.ones(1)).quantiles([0.5])
    assert found[0, 0] == pytest.approx(np.quantile(values, 0.5), rel=2.0**-8)


def test_within_a_bin_values_lie_evenly():
    values = 1 + (np.arange(3_000)[None, :] + 0.5) / 1_000 * 2.0**-8
    shares = np.array([1_000, 1_001, 1_500, 1_999]) / 2_999
    assert fed(values, scale=np.ones(1)).quantiles(shares).ravel() == pytest.approx(np.quantile(values, shares), rel=1e-12)


def test_the_quantiles_of_a_smooth_distribution_are_far_better_than_the_bound(counted):
    cell = list(SERIES).index("skewed")
    exact = np.quantile(SERIES["skewed"], [0.05, 0.5, 0.95])
    assert np.abs(counted.quantiles([0.05, 0.5, 0.95])[:, cell] / exact - 1).max() < 3e-4


def test_magnitudes_far_below_the_scale_count_as_zero():
    values = np.array([[-1e-25, 1e-25, 2e-25, 5.0, 5.0]])
    summary = fed(values, scale=np.array([5.0]))
    assert summary.floors[0] == 2.0**-62
    assert (summary.least[0], summary.greatest[0]) == (-1e-25, 5)
    assert np.abs(summary.quantiles([0.25, 0.5])).max() <= 2.0**-62
    at_floor = fed(np.array([[2.0**-62, -(2.0**-62), 1.0]]), scale=np.array([5.0]))
    assert at_floor.quantiles([0, 0.5, 1]).ravel() == pytest.approx([-(2.0**-62), 2.0**-62, 1], rel=2.0**-8, abs=0)


def test_a_scale_of_zero_sets_no_floor():
    values = 10.0 ** np.arange(-290, 290, 20)[None, :]
    summary = fed(values, scale=np.zeros(1))
    shares = np.linspace(0, 1, values.shape[1])
    assert summary.quantiles(shares).ravel() == pytest.approx(values[0], rel=2.0**-8, abs=0)


def test_infinite_values_are_undefined():
    values = np.array([[1.0, np.inf, 2.0, -np.inf, np.nan, 3.0]])
    for exact in (AT_ONCE, NEVER):
        summary = fed(values, exact=exact, scale=np.ones(1))
        assert (summary.count[0], summary.undefined[0], summary.least[0], summary.greatest[0]) == (3, 3, 1, 3)
        assert summary.quantiles([0.5])[0, 0] == pytest.approx(2, rel=summary.error)


# Exact


def test_while_values_are_kept_quantiles_are_numpys_to_the_bit():
    summary = fed(TABLE, [100, 150_000], NEVER)
    assert summary.error == 0
    found = summary.quantiles(SHARES)
    for cell, values in enumerate(TABLE):
        defined = values[~np.isnan(values)]
        expected = np.quantile(defined, SHARES) if len(defined) else np.full(len(SHARES), np.nan)
        assert found[:, cell].tobytes() == expected.tobytes()
    assert summary.least == pytest.approx(np.fmin.reduce(TABLE, axis=1), abs=0, rel=0, nan_ok=True)
    assert summary.count.tolist() == (~np.isnan(TABLE)).sum(axis=1).tolist()


def test_an_empty_summary_knows_nothing():
    summary = Summary(2, np.ones(2))
    assert np.isnan(summary.quantiles([0.5])).all()
    assert np.isnan([summary.least, summary.greatest]).all()
    assert (summary.count.tolist(), summary.undefined.tolist(), summary.draws) == ([0, 0], [0, 0], 0)
    summary.add(np.empty((2, 0)), 0)
    assert Summary.from_bytes(summary.to_bytes()).to_bytes() == Summary(2, np.ones(2)).to_bytes()


def test_what_was_given_may_be_used_again():
    values = np.ones((1, 4))
    summary = fed(values, exact=NEVER, scale=np.ones(1))
    values[:] = 9
    assert summary.quantiles([0.5]) == 1


# The same bits in any order

SMALL = np.ascontiguousarray(TABLE[:, :3_000])
LIMIT = 8 * SMALL.size


@pytest.mark.parametrize("exact", [AT_ONCE, LIMIT // 2, LIMIT - 1, LIMIT, NEVER])
def test_batches_and_their_order_change_nothing(exact):
    rng = np.random.default_rng(1)
    whole = fed(SMALL, exact=exact)
    assert (whole.error == 0) == (exact >= LIMIT)
    for pieces in (2, 3, 17, 60):
        cuts = np.sort(rng.choice(np.arange(1, 3_000), pieces - 1, replace=False)).tolist()
        assert same(fed(SMALL, cuts, exact), whole)
        assert same(fed(SMALL, cuts, exact, order=rng.permutation(pieces)), whole)


@pytest.mark.parametrize("exact", [AT_ONCE, LIMIT // 2, LIMIT - 1, LIMIT, NEVER])
def test_any_tree_of_merges_gives_the_same(exact):
    rng = np.random.default_rng(2)
    whole = fed(SMALL, exact=exact)
    for _ in range(4):
        edges = [0, *np.sort(rng.choice(np.arange(1, 3_000), 9, replace=False)).tolist(), 3_000]
        parts = []
        for start, end in itertools.pairwise(edges):
            part = Summary(len(SMALL), SCALES, exact)
            part.add(np.ascontiguousarray(SMALL[:, start:end]), start)
            parts.append(part)
        while len(parts) > 1:
            other = parts.pop(rng.integers(len(parts)))
            before = other.to_bytes()
            parts[rng.integers(len(parts))].merge(other)
            assert other.to_bytes() == before
        assert same(parts[0], whole)


def test_one_draw_too_many_turns_values_to_counts_however_it_comes():
    limit = 8 * len(SMALL) * 1_000
    at_limit, over = fed(SMALL[:, :1_000], exact=limit), fed(SMALL[:, :1_001], exact=limit)
    assert (at_limit.error, over.error) == (0, 2.0**-8)
    last = fed(SMALL[:, 1_000:1_001], exact=limit)
    at_limit.merge(last)
    assert same(at_limit, over)


def test_a_merge_with_oneself_doubles():
    for exact in (AT_ONCE, LIMIT, NEVER):
        summary, twice = fed(SMALL, exact=exact), fed(SMALL, exact=exact)
        twice.merge(fed(SMALL, exact=exact))
        summary.merge(summary)
        assert summary.count.tolist() == twice.count.tolist() == (2 * fed(SMALL).count).tolist()
        assert np.array_equal(summary.quantiles([0.2, 0.5]), twice.quantiles([0.2, 0.5]), equal_nan=True)


def test_the_sign_of_zero_does_not_depend_on_the_order():
    for values in ([[0.0, -0.0]], [[-0.0, 0.0]]):
        for exact in (AT_ONCE, NEVER):
            summary = fed(np.array(values), exact=exact, scale=np.ones(1))
            assert [np.signbit(summary.least[0]), np.signbit(summary.greatest[0])] == [False, False]


def test_threads_feed_a_summary_each():
    parts = np.array_split(TABLE[:, :100_000], 16, axis=1)
    starts = np.cumsum([0, *(part.shape[1] for part in parts)]).tolist()
    whole = fed(TABLE[:, :100_000])

    def feed(which):
        summary = Summary(len(TABLE), SCALES, AT_ONCE)
        for place in range(which, 16, 4):
            summary.add(np.ascontiguousarray(parts[place]), starts[place])
        return summary

    with ThreadPoolExecutor(4) as pool:
        first, *others = pool.map(feed, range(4))
    for other in others:
        first.merge(other)
    assert same(first, whole)


# Memory


def test_a_bin_counts_on_where_its_page_ends():
    values = np.repeat([3.0, 0.0, 3.0, -3.0, np.nan, 5.0], [35_000, 70_000, 35_000, 140_000, 66_000, 9])[None, :]
    summary = fed(values, [10, 200_000], scale=np.ones(1))
    assert sorted(times.sum() for times in summary.counts.carries.values()) == [1, 2]
    assert summary.count[0] == 280_009
    half = fed(values[:, ::2], scale=np.ones(1))
    half.merge(fed(values[:, 1::2], scale=np.ones(1)))
    assert same(half, summary)
    assert same(Summary.from_bytes(summary.to_bytes()), summary)
    places = np.array([0, 139_999, 140_001, 209_999, 210_001, 279_999, 280_001]) / 280_008
    assert summary.quantiles(places).ravel() == pytest.approx([-3, -3, 0, 0, 3, 3, 5], rel=2.0**-8)
    rising = np.linspace(0, 1, 60)
    assert summary.quantiles(rising).ravel() == pytest.approx(np.quantile(values[np.isfinite(values)], rising), rel=2.0**-8)


def test_numbers_without_a_bin_carry_nothing():
    summary = Summary(1, np.ones(1), AT_ONCE)
    summary.add(np.zeros((1, 1)), 0)
    summary.counts.astray[:] = 2**16 - 1
    summary.add(np.array([[0.0, np.nan, 0.0, np.inf, 1e-30]]), 1)
    assert (summary.counts.carries, summary.counts.zeros.tolist(), summary.count.tolist()) == ({}, [4], [4])


def test_memory_does_not_grow_with_the_draws():
    rng = np.random.default_rng(3)
    summary = Summary(20, np.ones(20), AT_ONCE)
    pages = []
    for number in range(40):
        summary.add(rng.normal(10, 1, (20, 5_000)), 5_000 * number)
        pages.append(len(summary.counts.pages()[0]))
    assert pages[20] == pytest.approx(pages[-1], rel=0.05)
    assert pages[-1] <= 20 * 8
    assert len(summary.counts.blocks) == 1
    assert summary.counts.table.nbytes < 20 * 8 * 64
    assert summary.kept.blocks == []


def test_more_pages_are_taken_when_they_are_needed():
    values = np.ascontiguousarray(10.0 ** np.random.default_rng(5).uniform(-15, 15, (40, 2_000)))
    scale = np.ones(40)
    summary = fed(values, scale=scale)
    assert len(summary.counts.pages()[0]) > 2 * BLOCK
    assert summary.counts.totals().tolist() == [2_000] * 40
    exact = np.quantile(values, SHARES, axis=1)
    assert np.abs(summary.quantiles(SHARES) / exact - 1).max() < 0.15  # few draws: the next one may lie far away
    cuts = range(7, 2_000, 331)
    assert same(fed(values, cuts, scale=scale), summary)
    assert same(Summary.from_bytes(summary.to_bytes()), summary)


# Bytes


@pytest.mark.parametrize("exact", [AT_ONCE, NEVER])
def test_bytes_bring_back_the_same(exact):
    summary = fed(SMALL, [5, 1_000], exact)
    back = Summary.from_bytes(summary.to_bytes())
    assert same(back, summary)
    more = np.ascontiguousarray(TABLE[:, 3_000:3_100])
    for one in (back, summary):
        one.add(more, 3_000)
    assert same(back, summary)
    assert same(copy.deepcopy(summary), summary)
    assert same(pickle.loads(pickle.dumps(summary)), summary)  # noqa: S301  between processes of one's own


def test_bytes_keep_which_draws_were_there():
    holes = Summary(1, np.ones(1), NEVER)
    holes.add(np.array([[3.0, 4.0]]), 10)
    holes.add(np.array([[1.0, 2.0]]), 0)
    back = Summary.from_bytes(holes.to_bytes())
    for one in (holes, back):
        one.add(np.array([[9.0]]), 2)
    assert same(back, holes)


def test_bytes_are_few(counted):
    assert len(counted.to_bytes()) < 4_000 * len(TABLE)


@pytest.mark.parametrize("exact", [AT_ONCE, NEVER])
def test_damaged_bytes_are_refused(exact):
    data = fed(SMALL[:, :200], exact=exact).to_bytes()
    assert Summary.from_bytes(data).to_bytes() == data
    for place in np.linspace(0, len(data) - 1, 60).astype(int):
        with pytest.raises(ValueError, match="summary"):
            Summary.from_bytes(data[:place] + bytes([data[place] ^ 4]) + data[place + 1 :])
        with pytest.raises(ValueError, match="summary"):
            Summary.from_bytes(data[:place])
    with pytest.raises(ValueError, match="damaged"):
        Summary.from_bytes(data + b"x")


def forged(data, change):
    """Bytes with another content, and the checksum that goes with it."""
    head = len(pack.BEGINNING) + pack.DIGEST
    packed = zlib.compress(change(zlib.decompress(data[head:])))
    return pack.BEGINNING + hashlib.sha256(packed).digest() + packed


def put(number, place, kind=np.int64):
    """A change of one number of eight bytes."""
    return lambda content: content[: 8 * place] + np.array([number], kind).tobytes() + content[8 * place + 8 :]


# Of two cells: cells, limit, draws, counted; floors; defined; ends; pages, carried; zeros; the numbers of pages
FORGERIES = {
    "fewer cells": put(1, 0),
    "more cells": put(2**40, 0),
    "cells below none": put(-1, 0),
    "fewer draws": put(1, 2),
    "so large a limit that nothing is counted": put(2**40, 1),
    "no counts": put(0, 3),
    "no floor": put(np.nan, 4, np.float64),
    "other counts": put(3, 6),
    "no least value": put(np.inf, 8, np.float64),
    "ends the wrong way round": put(1e9, 8, np.float64),
    "fewer pages": put(1, 12),
    "more pages": put(2**40, 12),
    "carried": put(1, 13),
    "more zeros": put(1, 14),
    "a page of no cell": put(2**40, 17),
    "pages in no order": lambda content: put(2 * 2**13 + 4092, 16)(put(4092, 17)(content)),
    "counts of no page": lambda content: put(1, 13)(content[:144]) + np.array([5, *[0] * 64]).tobytes() + content[144:],
    "the page of another cell": put(2**14 + 1, 16),
    "cut": lambda content: content[:-1],
    "longer": lambda content: content + b"\0",
    "not compressed": None,
}


@pytest.mark.parametrize("change", FORGERIES.values(), ids=FORGERIES)
def test_bytes_that_contradict_themselves_are_refused(change):
    data = fed(np.array([[1.0, 1.0], [1.0, 1.0]]), scale=np.ones(2)).to_bytes()
    assert Summary.from_bytes(forged(data, lambda content: content)).draws == 2
    plain = pack.BEGINNING + hashlib.sha256(b"plain").digest() + b"plain"
    data = plain if change is None else forged(data, change)
    with pytest.raises(ValueError, match="summary"):
        Summary.from_bytes(data)


# What is refused


@pytest.mark.parametrize(
    "values",
    [
        np.ones((3, 4)),
        np.ones(2),
        np.ones((2, 4), np.float32),
        np.ones((2, 4), np.int64),
        np.asfortranarray(np.ones((2, 4))),
        np.ones((2, 8))[:, ::2],
        np.ones((2, 4), ">f8"),
    ],
)
def test_values_of_another_shape_or_kind_are_refused(values):
    summary = Summary(2, np.ones(2))
    with pytest.raises(UsageError, match="2 cells"):
        summary.add(values, 0)
    assert summary.draws == 0


@pytest.mark.parametrize("scale", [np.ones(3), np.array([1.0, -1.0]), np.array([1.0, np.nan]), np.array([1.0, np.inf])])
def test_scales_that_cannot_be_are_refused(scale):
    with pytest.raises(UsageError, match="scale"):
        Summary(2, scale)


@pytest.mark.parametrize("share", [-0.1, 1.1, np.nan])
def test_probabilities_beyond_0_and_1_are_refused(share):
    for exact in (AT_ONCE, NEVER):
        with pytest.raises(UsageError, match="probability"):
            fed(SMALL, exact=exact).quantiles([0.5, share])


def test_summaries_of_other_cells_scales_or_limits_do_not_merge():
    summary = Summary(2, np.ones(2), 100)
    for other in (Summary(3, np.ones(3), 100), Summary(2, np.array([1.0, 2.0]), 100), Summary(2, np.ones(2), 101)):
        with pytest.raises(UsageError, match="cannot be merged"):
            summary.merge(other)
    same_power = Summary(2, np.array([1.0, 1.9]), 100)
    summary.merge(same_power)
    assert histogram.WIDTH == 2.0**-8
