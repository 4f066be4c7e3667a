"""Appraisal cycles: from opening a period to signed results and the archive."""
