"""The web part: people, schemes and cycles in the browser, around the engine.

It stores decisions and shows results; points, grades and pay are computed by `meritdesk.pipeline` and nowhere else.
"""
