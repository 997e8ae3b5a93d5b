"""What can be wrong with a keystore. Messages name the file and what to do, never a secret.

KeystoreError
├── KeystoreUnreadable   not there, no regular file, no permission, disk full
├── KeystoreExposed      its group or others may read or write it
├── NotAKeystore         something else than a keystore
├── KeystoreDamaged      truncated or altered
├── UnknownVersion       of another version
├── UnsafeKdf            parameters that are too weak, or would take absurd time or memory
├── WrongPassphrase
├── KeystoreExists       would be overwritten
├── NoSuchKey            holds no share of that epoch, or no account of that chain
└── PassphraseError      the passphrase cannot be read from where it should be
"""


class KeystoreError(Exception):
    """Anything wrong with a keystore; the message names the file and what to do, never a secret."""


class KeystoreUnreadable(KeystoreError):
    """The file cannot be opened, read or written."""


class KeystoreExposed(KeystoreError):
    """Others than its owner have access to the file."""


class NotAKeystore(KeystoreError):
    """The file is something else."""


class KeystoreDamaged(KeystoreError):
    """The file was cut off or altered."""


class UnknownVersion(KeystoreError):
    """The file is of a version that this program does not know."""


class UnsafeKdf(KeystoreError):
    """Key derivation parameters outside the bounds of `Kdf`."""


class WrongPassphrase(KeystoreError):
    """The passphrase does not open the file."""


class KeystoreExists(KeystoreError):
    """There is a file already, which may hold the only copy of a key."""


class NoSuchKey(KeystoreError):
    """The keystore does not hold the key that is asked for."""


class PassphraseError(KeystoreError):
    """The passphrase cannot be had from its source."""
