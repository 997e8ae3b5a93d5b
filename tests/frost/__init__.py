"""FROST: published vectors, another implementation, properties, refusals."""
