"""The engines themselves, from the package index: a whole city on one machine, for trying out and for tests."""
