"""Figures computed from event data: their definitions and how they become queries. Knows nothing of schemes."""
