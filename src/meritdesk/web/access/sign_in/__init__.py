"""Signing in and out, passwords, the second factor, and proving again who one is before a grave act."""
