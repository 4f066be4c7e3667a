"""What may be typed on the pages of cycles; one module per step."""
