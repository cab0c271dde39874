"""Bad day `online-but-deaf` (H-baddays is writing this file)."""
