"""The `auth` role: answers the broker's authorisation callout from a local snapshot, in its own process."""
