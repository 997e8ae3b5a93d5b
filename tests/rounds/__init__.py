"""The rounds' tests, and the committee in memory that they, and simulations, are run with."""
