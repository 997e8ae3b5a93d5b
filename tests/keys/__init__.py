"""The keystore, the dealer, the group record, passphrases."""
