"""Hospital -> Kafka: an adapter per dialect, the sealed outbox, the serving loop, the publisher."""
