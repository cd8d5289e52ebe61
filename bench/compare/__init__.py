"""The comparison behind `make bench`: bench/compare.py runs it."""
