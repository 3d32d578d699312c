"""Measures duotone beside other programs: see ``bench/run.py``."""
