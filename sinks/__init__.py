"""Kafka -> stores."""
