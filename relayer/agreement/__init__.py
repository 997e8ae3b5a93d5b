"""The agreement: pure rules over observations. No I/O, no clock, no randomness but as arguments."""
