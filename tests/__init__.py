"""The tests. Each folder stands beside what it tests; `tests.agreement` is also a package that others build on."""
