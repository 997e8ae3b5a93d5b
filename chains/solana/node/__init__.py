"""A local Solana node: JSON-RPC and websockets over the real VM in process (LiteSVM). See docs/solana-node.md."""
