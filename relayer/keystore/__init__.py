"""The keystore: one encrypted file with everything that a member must keep secret.

`contents` (what is inside), `sealed` (the file's format), `file` (reading and writing it), `passphrase`.
"""

from relayer.keystore.contents import KeystoreContents, Secret32
from relayer.keystore.errors import (
    KeystoreDamaged,
    KeystoreError,
    KeystoreExists,
    KeystoreExposed,
    KeystoreUnreadable,
    NoSuchKey,
    NotAKeystore,
    PassphraseError,
    UnknownVersion,
    UnsafeKdf,
    WrongPassphrase,
)
from relayer.keystore.file import read_keystore, write_keystore
from relayer.keystore.passphrase import read_passphrase
from relayer.keystore.sealed import INTERACTIVE, MODERATE, Kdf

__all__ = [
    "INTERACTIVE",
    "MODERATE",
    "Kdf",
    "KeystoreContents",
    "KeystoreDamaged",
    "KeystoreError",
    "KeystoreExists",
    "KeystoreExposed",
    "KeystoreUnreadable",
    "NoSuchKey",
    "NotAKeystore",
    "PassphraseError",
    "Secret32",
    "UnknownVersion",
    "UnsafeKdf",
    "WrongPassphrase",
    "read_keystore",
    "read_passphrase",
    "write_keystore",
]
