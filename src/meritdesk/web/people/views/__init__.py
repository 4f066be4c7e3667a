"""The pages of the organisation: parse, call, render."""
