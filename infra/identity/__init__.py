"""Who is who, for people: what was said, what wants a decision, and the documents behind it."""
