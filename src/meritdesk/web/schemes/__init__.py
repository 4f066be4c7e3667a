"""Schemes in the browser: library, designer, check, cases, versions, publication."""
