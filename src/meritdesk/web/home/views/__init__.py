"""The work list, search, notices, language and one's own data."""
