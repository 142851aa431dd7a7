"""The conformance kit: a hospital's files read, validated and explained, without any server."""
