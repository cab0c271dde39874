"""Bad day `erased-counter` (H-baddays is writing this file)."""
