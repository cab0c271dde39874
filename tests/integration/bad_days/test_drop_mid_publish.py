"""Bad day `drop-mid-publish` (H-baddays is writing this file)."""
