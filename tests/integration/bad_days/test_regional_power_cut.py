"""Bad day `regional-power-cut` (H-baddays is writing this file)."""
