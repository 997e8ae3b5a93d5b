"""The bytes of a keystore file. It is JSON, so that a person sees what it is and what it needs:

    {"format": "ballast-keystore", "version": 1,
     "kdf": {"name": "argon2id", "opslimit": 3, "memlimit": 268435456, "salt": 16 bytes},
     "cipher": {"name": "xsalsa20-poly1305", "nonce": 24 bytes},
     "ciphertext": ..., "checksum": SHA-256 of the other fields (JSON, keys sorted, no spaces)}

Bytes are lower-case hex. The key is argon2id (RFC 9106) of the passphrase, the cipher libsodium's secretbox; inside is
JSON again (`_Contents`). The checksum protects nothing: it tells a damaged file from a wrong passphrase.
"""

import hashlib
import json
from dataclasses import dataclass
from typing import Annotated, Any, Literal

import nacl.exceptions
import nacl.pwhash
import nacl.secret
import nacl.utils
from pydantic import BaseModel, ConfigDict, StringConstraints, ValidationError

from relayer.frost import FrostError, KeyPackage, SigningShare
from relayer.group import Group, GroupError, GroupRecord
from relayer.keystore.contents import KeystoreContents, Secret32
from relayer.keystore.errors import (
    KeystoreDamaged,
    NotAKeystore,
    PassphraseError,
    UnknownVersion,
    UnsafeKdf,
    WrongPassphrase,
)

FORMAT = "ballast-keystore"
VERSION = 1

_HEAD = b'{"format": "ballast-keystore"'


@dataclass(frozen=True, slots=True)
class Kdf:
    """Cost of argon2id: `opslimit` passes over `memlimit` bytes. Raises `UnsafeKdf` outside what is sane.

    The least is libsodium's interactive profile, the most its sensitive one in memory and 16 passes.
    """

    opslimit: int
    memlimit: int

    def __post_init__(self) -> None:
        least, most = nacl.pwhash.argon2id.MEMLIMIT_INTERACTIVE, nacl.pwhash.argon2id.MEMLIMIT_SENSITIVE
        if not (2 <= self.opslimit <= 16 and least <= self.memlimit <= most):
            raise UnsafeKdf(
                f"argon2id with {self.opslimit} passes over {self.memlimit} bytes: "
                f"expected 2 to 16 passes over {least} to {most} bytes"
            )

    def key(self, passphrase: bytes, salt: bytes) -> bytes:
        """32 bytes."""
        made: bytes = nacl.pwhash.argon2id.kdf(32, passphrase, salt, self.opslimit, self.memlimit)
        return made


INTERACTIVE = Kdf(nacl.pwhash.argon2id.OPSLIMIT_INTERACTIVE, nacl.pwhash.argon2id.MEMLIMIT_INTERACTIVE)
MODERATE = Kdf(nacl.pwhash.argon2id.OPSLIMIT_MODERATE, nacl.pwhash.argon2id.MEMLIMIT_MODERATE)


def _hex(size: int) -> Any:
    return StringConstraints(pattern=rf"^[0-9a-f]{{{2 * size}}}$")


class _Strict(BaseModel):
    # Errors must not repeat what they refuse: it may be a secret.
    model_config = ConfigDict(strict=True, extra="forbid", hide_input_in_errors=True)


class _KdfFields(_Strict):
    name: Literal["argon2id"]
    opslimit: int
    memlimit: int
    salt: Annotated[str, _hex(16)]


class _CipherFields(_Strict):
    name: Literal["xsalsa20-poly1305"]
    nonce: Annotated[str, _hex(24)]


class _File(_Strict):
    format: Literal["ballast-keystore"]
    version: Literal[1]
    kdf: _KdfFields
    cipher: _CipherFields
    ciphertext: Annotated[str, StringConstraints(pattern=r"^([0-9a-f]{2})+$")]
    checksum: Annotated[str, _hex(32)]


class _Share(_Strict):
    identifier: int
    secret: Annotated[str, _hex(32)]
    group: GroupRecord


class _Contents(_Strict):
    member: str
    identity: Annotated[str, _hex(32)]
    shares: list[_Share]
    accounts: dict[
        Annotated[str, StringConstraints(pattern=r"^[-a-z0-9]{3,8}(:[-_a-zA-Z0-9]{1,32})?$")], Annotated[str, _hex(32)]
    ]


def encrypt(contents: KeystoreContents, passphrase: bytes, kdf: Kdf = MODERATE) -> bytes:
    """The bytes of a keystore file."""
    if not passphrase:
        raise PassphraseError("the passphrase is empty")
    salt, nonce = nacl.utils.random(16), nacl.utils.random(24)
    box = nacl.secret.SecretBox(kdf.key(passphrase, salt))
    fields: dict[str, Any] = {
        "format": FORMAT,
        "version": VERSION,
        "kdf": {"name": "argon2id", "opslimit": kdf.opslimit, "memlimit": kdf.memlimit, "salt": salt.hex()},
        "cipher": {"name": "xsalsa20-poly1305", "nonce": nonce.hex()},
        "ciphertext": box.encrypt(_plain(contents), nonce).ciphertext.hex(),
    }
    return json.dumps({**fields, "checksum": _checksum(fields)}).encode("ascii") + b"\n"


def decrypt(data: bytes, passphrase: bytes, where: str) -> KeystoreContents:
    """The contents of a keystore file's bytes; `where` names the file in errors."""
    file = _parsed(data, where)
    try:
        kdf = Kdf(file.kdf.opslimit, file.kdf.memlimit)
    except UnsafeKdf as error:
        raise UnsafeKdf(f"{where}: {error}") from None
    box = nacl.secret.SecretBox(kdf.key(passphrase, bytes.fromhex(file.kdf.salt)))
    try:
        plain = box.decrypt(bytes.fromhex(file.ciphertext), bytes.fromhex(file.cipher.nonce))
    except nacl.exceptions.CryptoError:
        raise WrongPassphrase(f"{where}: the passphrase does not open this keystore") from None
    return _opened(plain, where)


def _plain(contents: KeystoreContents) -> bytes:
    shares = [
        {
            "identifier": key.identifier,
            "secret": key.share.reveal().hex(),
            "group": GroupRecord.of(Group(epoch, key.public)).model_dump(),
        }
        for epoch, key in sorted(contents.shares.items())
    ]
    return json.dumps(
        {
            "member": contents.member,
            "identity": contents.identity.reveal().hex(),
            "shares": shares,
            "accounts": {chain: secret.reveal().hex() for chain, secret in contents.accounts.items()},
        }
    ).encode()


def _opened(plain: bytes, where: str) -> KeystoreContents:
    """Only its owner can have made this, so what does not parse comes from another version or a programming error."""
    try:
        raw = _Contents.model_validate_json(plain)
        shares = dict[int, KeyPackage]()
        for share in raw.shares:
            group = share.group.open()
            if group.epoch in shares:
                raise KeystoreDamaged(f"{where}: two signing shares of epoch {group.epoch}")
            secret = SigningShare(share.identifier, bytes.fromhex(share.secret))
            shares[group.epoch] = KeyPackage(secret, group.package)
    except (ValidationError, FrostError, GroupError) as error:
        reason = f"{len(error.errors())} fields" if isinstance(error, ValidationError) else str(error)
        raise KeystoreDamaged(f"{where}: it opens, but its contents are not in order ({reason})") from None
    accounts = {chain: Secret32(bytes.fromhex(secret)) for chain, secret in raw.accounts.items()}
    return KeystoreContents(raw.member, Secret32(bytes.fromhex(raw.identity)), shares, accounts)


_BRACKETS = 16
"""More than a keystore's file has."""


def _parsed(data: bytes, where: str) -> _File:
    damaged = KeystoreDamaged(f"{where}: the file was cut off or altered; restore it from a backup")
    try:
        # Libraries raise Python's limit on recursion beyond what the stack holds: nothing nested deeply is parsed.
        if data.count(b"{") + data.count(b"[") > _BRACKETS:
            raise ValueError
        fields = json.loads(data)
    except (ValueError, RecursionError):
        # What begins as every keystore does was one; so may an empty file have been.
        if _HEAD.startswith(data[: len(_HEAD)]):
            raise damaged from None
        raise NotAKeystore(f"{where}: not a keystore") from None
    if not isinstance(fields, dict) or fields.get("format") != FORMAT:
        raise NotAKeystore(f"{where}: not a keystore")
    if fields.get("version") != VERSION:
        version = str(fields.get("version"))[:20]
        raise UnknownVersion(f"{where}: a keystore of version {version}; this program knows version {VERSION}")
    try:
        file = _File.model_validate(fields)
    except ValidationError:
        raise damaged from None
    if _checksum({name: value for name, value in fields.items() if name != "checksum"}) != file.checksum:
        raise damaged
    return file


def _checksum(fields: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(fields, sort_keys=True, separators=(",", ":")).encode()).hexdigest()
