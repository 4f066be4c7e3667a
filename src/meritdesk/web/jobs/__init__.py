"""Work in the background, with progress, that survives a restart."""
