"""The simulated city: 42 hospitals that speak real formats and keep their own books.

It knows nothing of the pipeline: what must become of each message is decided here, when the message is made.
"""
