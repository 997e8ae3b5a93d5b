"""The running member: everything with I/O around the rounds' state machine."""
