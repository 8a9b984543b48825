"""Optimizers on the same split with the same budget: what each ends with, and what it took to get there."""
