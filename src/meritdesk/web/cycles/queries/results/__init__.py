"""What is read of results: one person's document as it is shown, lists of a team, statistics, one's own."""
