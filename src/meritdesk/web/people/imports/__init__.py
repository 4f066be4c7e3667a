"""The roster from a file: read, map, plan what every row does; nothing here writes to the database."""
