"""The safety store: what a member must remember over every crash, so that it never signs twice."""
