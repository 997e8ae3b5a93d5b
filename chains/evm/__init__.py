"""The EVM family (CAIP-2 namespace eip155)."""
