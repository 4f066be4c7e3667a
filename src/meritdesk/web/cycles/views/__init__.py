"""The pages of cycles: parse, call, render; one module per step."""
