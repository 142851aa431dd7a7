"""Local stand-ins for services outside the house."""
