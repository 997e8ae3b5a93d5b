"""Solana: the CAIP-2 namespace `solana`. docs/solana-program.md specifies the program that these modules speak to."""
