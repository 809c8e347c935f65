"""How fast it is, measured and never typed: see benchmarks/README.md."""
