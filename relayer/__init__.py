"""The relayer: agreement, threshold signatures, the daemon and its command line."""
