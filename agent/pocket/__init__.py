"""The pocket model: a small network of this family that works the practice phone."""
