"""Configuration: two TOML files read once into frozen models, with every error of a file reported at once."""
