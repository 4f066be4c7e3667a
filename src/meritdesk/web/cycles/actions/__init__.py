"""All that is written in cycles: one module per step, one function per act."""
