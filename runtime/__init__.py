"""The cellar: settings, keys and seals, Kafka clients, telemetry, shutdown. Knows no medicine."""
