"""The command line: its frame, `config` and `keys`."""
