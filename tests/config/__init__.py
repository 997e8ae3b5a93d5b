"""Configuration files: reading, checks, digests, changes, schemas."""
