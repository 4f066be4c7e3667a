"""The frame of every page: templates, template tags, components, charts and static files. Knows no other app."""
