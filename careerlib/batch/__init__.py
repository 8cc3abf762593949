"""Notebooks in batch: runs, sweeps, and the book of what came out."""
