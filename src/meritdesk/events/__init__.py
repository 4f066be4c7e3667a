"""Event tables: their contracts, and how files become them. Knows nothing of metrics or schemes."""
