"""The language of the house: field table, header, Avro, outcomes, reasons, rules, topics, ClickHouse shape."""
