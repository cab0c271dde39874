"""Bad day `mixed-fleet` (H-baddays is writing this file)."""
