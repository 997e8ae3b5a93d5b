"""Chain families and what they share: names, encodings, checkpoints. Nothing here imports `relayer`."""
