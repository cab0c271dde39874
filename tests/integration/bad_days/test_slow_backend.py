"""Bad day `slow-backend` (H-baddays is writing this file)."""
