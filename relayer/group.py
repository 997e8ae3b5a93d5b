"""The public half of an epoch's group key as JSON (`group.json`), for everybody who verifies or signs.

    {"format": "ballast-group", "version": 1, "epoch": 1, "threshold": 3,
     "group_key": "02...", "verifying_shares": {"1": "03...", "2": "02...", ...}}

Points are compressed (SEC 1, 33 bytes) in lower-case hex; members are numbered from 1 in the committee's order.
"""

import json
from dataclasses import dataclass
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from relayer.frost import FrostError, GroupKey, PublicKeyPackage

FORMAT: Final = "ballast-group"
VERSION: Final = 1
MAX_EPOCH = 2**64 - 1

# Counted before parsing: libraries raise Python's limit on recursion beyond what the stack holds, and then deep nesting
# ends the process instead of raising an error.
_OBJECTS = 2

Point = Annotated[str, StringConstraints(pattern=r"^0[23][0-9a-f]{64}$")]
Identifier = Annotated[str, StringConstraints(pattern=r"^[1-9][0-9]{0,4}$")]


class GroupError(ValueError):
    """A text that is no group record, or one whose points do not belong together. Says what and where."""


@dataclass(frozen=True, slots=True)
class Group:
    """One epoch's public key package."""

    epoch: int
    package: PublicKeyPackage


class GroupRecord(BaseModel):
    """The JSON form; nothing is converted and nothing unknown is allowed."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)

    format: Literal["ballast-group"]
    version: Literal[1]
    epoch: Annotated[int, Field(ge=1, le=MAX_EPOCH)]
    threshold: Annotated[int, Field(ge=2)]
    group_key: Point
    verifying_shares: dict[Identifier, Point]

    @classmethod
    def of(cls, group: Group) -> "GroupRecord":
        package = group.package
        shares = {str(i): share.hex() for i, share in package.verifying_shares.items()}
        return cls(
            format=FORMAT,
            version=VERSION,
            epoch=group.epoch,
            threshold=package.threshold,
            group_key=package.group.point33.hex(),
            verifying_shares=shares,
        )

    def open(self) -> Group:
        """The group. Raises `GroupError` unless shares, threshold and key belong together."""
        shares = {int(i): bytes.fromhex(share) for i, share in self.verifying_shares.items()}
        try:
            package = PublicKeyPackage(GroupKey(bytes.fromhex(self.group_key)), shares, self.threshold)
            package.check()
        except FrostError as error:
            raise GroupError(f"group record: {error}") from error
        return Group(self.epoch, package)


def encode_group(group: Group) -> str:
    """The text of `group.json`."""
    return json.dumps(GroupRecord.of(group).model_dump(), indent=1) + "\n"


def decode_group(text: str) -> Group:
    """The group that `text` holds. Raises `GroupError`: not JSON, a field missing, unknown, twice or malformed, points
    that do not belong together."""
    if text.count("{") > _OBJECTS or "[" in text:
        raise GroupError("group record: nested otherwise than any group record is")
    try:
        value = json.loads(text, object_pairs_hook=_once, parse_constant=_constant)
        record = GroupRecord.model_validate(value)
    except ValidationError as error:
        found = "; ".join(f"{'.'.join(map(str, e['loc'])) or 'record'}: {e['msg']}" for e in error.errors())
        raise GroupError(f"group record: {found}") from None
    except (json.JSONDecodeError, RecursionError) as error:
        raise GroupError(f"group record: not JSON ({error})") from None
    return record.open()


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise GroupError("group record: a field stands twice")
    return found


def _constant(name: str) -> None:
    raise GroupError(f"group record: {name} is no number")
