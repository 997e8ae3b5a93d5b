"""The agreement's tests: a world to act in, an adversary, mutations of the rules, and the schedules that catch them."""
