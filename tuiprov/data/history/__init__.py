"""What was done and what was published; taking it back."""
