"""Bad day `rate-limited` (H-baddays is writing this file)."""
