"""`python -m tests.cli.program`: the `ballast` program, wherever the environment keeps its script."""

from relayer.cli.main import run

if __name__ == "__main__":
    run()
