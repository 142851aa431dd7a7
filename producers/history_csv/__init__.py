"""CSV exports of old systems, by a mapping file: a row is a document."""
