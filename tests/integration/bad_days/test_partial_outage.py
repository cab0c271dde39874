"""Bad day `partial-outage` (H-baddays is writing this file)."""
