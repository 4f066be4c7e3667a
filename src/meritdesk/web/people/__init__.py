"""Departments, teams, posts, people and their assignments over time."""
