"""Bad day `week-offline` (H-baddays is writing this file)."""
