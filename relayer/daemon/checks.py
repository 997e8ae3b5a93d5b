"""The cryptographic checks that judging takes as arguments, over real keys and chain families."""

from collections.abc import Mapping

from nacl.exceptions import BadSignatureError
from nacl.signing import VerifyKey

from chains.caip import ChainId
from chains.errors import ProofError
from chains.registry import family
from chains.types import Checkpoint, Position
from relayer.agreement.bundle import Invalid
from relayer.agreement.judging import Checks, UnknownKey
from relayer.frost import FrostError, GroupKey, verify


def checks(groups: Mapping[int, GroupKey], positions: Mapping[bytes, Position]) -> Checks:
    """Checks by the group key of each epoch and the configured positions by id."""

    def member(key: bytes, message: bytes, signature: bytes) -> None:
        try:
            VerifyKey(key).verify(message, signature)
        except (BadSignatureError, ValueError) as error:
            raise Invalid(f"not signed by the member with identity {key.hex()}") from error

    def certificate(epoch: int, message: bytes, r: bytes, z: bytes) -> None:
        if epoch not in groups:
            raise UnknownKey(epoch)
        try:
            verify(groups[epoch], message, r, z)
        except FrostError as error:
            raise Invalid(f"the group signature does not hold: {error}") from error

    def proof(position: bytes, at: Checkpoint, amount: int, blob: bytes) -> None:
        if position not in positions:
            raise Invalid(f"position {position.hex()} is not known here")
        try:
            found = positions[position]
            family(ChainId.parse(at.chain).namespace).check_proof(found, at, amount, blob)
        except ProofError as error:
            raise Invalid(f"{positions[position].account}: the state proof does not hold: {error}") from error

    return Checks(member, certificate, proof)
