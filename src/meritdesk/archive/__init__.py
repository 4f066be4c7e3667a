"""Sealed packages: `seal` writes one, `verifier` re-evaluates it without any of the project's code (E7)."""
