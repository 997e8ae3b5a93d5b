"""Chains of the Cosmos SDK: the CAIP-2 namespace `cosmos`."""
