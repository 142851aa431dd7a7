"""Who may read what: roles as data, rendered as ClickHouse configuration and as SQL."""
