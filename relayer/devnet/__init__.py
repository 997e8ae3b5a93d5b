"""Local chains, a bus and a committee on one machine, run by the programs that production runs."""
