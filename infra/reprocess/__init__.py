"""Stored documents judged again by other rules."""
