"""What the work list pages read."""
