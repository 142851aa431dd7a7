"""Rules that need several documents, asked of the store."""
