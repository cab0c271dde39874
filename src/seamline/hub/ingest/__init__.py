"""From the broker's stream into PostgreSQL: read, decode, account, commit, then answer."""
