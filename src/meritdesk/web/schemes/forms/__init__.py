"""The scheme document as forms: its grammar turned into fields, what was typed turned back, and the resulting text."""
