"""A member's part in the rounds, as a state machine without I/O: events go in, effects come out in order."""
