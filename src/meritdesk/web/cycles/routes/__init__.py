"""The addresses of each step of a cycle."""
