"""The demo: one story on a devnet, each step shown as it happens and checked."""
