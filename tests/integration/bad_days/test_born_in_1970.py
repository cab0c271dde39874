"""Bad day `born-in-1970` (H-baddays is writing this file)."""
