"""What a client sees and hears of a real live server; see `benchmarks/bench_live.py`."""
