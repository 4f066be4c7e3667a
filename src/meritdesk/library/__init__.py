"""What ships as data: schemes with their worked cases, metrics, source mappings. YAML only, no code."""
