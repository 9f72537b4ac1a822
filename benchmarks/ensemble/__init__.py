"""One model, many ways to compute it: what ``benchmarks/ensemble.py`` compares."""
