"""What a scheme says: the document, its problems, its description. Computes no value."""
