"""Kafka -> ClickHouse: batches without decoding, inserted first, committed last; the views analysts read."""
