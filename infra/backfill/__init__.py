"""Backfill: the history of a hospital system, from files, beside what it sends live."""
