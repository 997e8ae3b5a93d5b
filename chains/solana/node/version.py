"""Which validator's interface and VM this node has: the agave release inside the installed LiteSVM."""

VERSION = "4.1.2"
FEATURE_SET = 3345198602
"""The first four bytes of the hash over that release's features, as its `getVersion` tells it."""
