"""What the bad days share."""
