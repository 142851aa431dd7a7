"""A real stack on this machine: Apache Kafka and a schema registry from Maven Central, Redis, ClickHouse.

Everything on loopback, all data in one folder. Needs Java 17 and Maven; `docs/stack.md` says what is what.
"""
