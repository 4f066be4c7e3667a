"""The pages of schemes: library, reading, designer, text, check, cases, comparison, publication."""
