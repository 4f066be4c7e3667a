"""All that is read of cycles: doors (what one may see at all), and one module per page."""
