"""Compares duotone with other programs: see ``bench/run.py``."""
