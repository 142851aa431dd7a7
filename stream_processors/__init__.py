"""Kafka -> Kafka: validate, deduplicate, identify, enrich."""
