"""Database changes of the app, in order."""
