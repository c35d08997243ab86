"""Benchmarks: the kit measured beside its peers in the same run; `scripts/bench NAME --check`."""
