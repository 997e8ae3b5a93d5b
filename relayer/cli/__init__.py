"""The command line: one file per command group, each with `add(app)`, imported only when its command is called."""
