"""How values are computed: one tree of nodes and its two readers. Knows nothing of schemes or people."""
