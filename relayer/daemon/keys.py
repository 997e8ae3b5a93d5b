"""Opening a member's keys: keystore and public key package, which must belong to each other and to the configuration.

Apart from the composition root, so that commands which need a key do not load what a running member needs.
"""

from dataclasses import dataclass
from pathlib import Path

from relayer.config.member import MemberConfig
from relayer.group import Group, decode_group
from relayer.keystore import KeystoreContents, read_keystore, read_passphrase


class MemberError(Exception):
    """The member cannot start, or must stop; one sentence: what, where, what to do."""


@dataclass(frozen=True)
class Keys:
    """The opened keystore and the public key package, which belong together."""

    contents: KeystoreContents
    group: Group


def open_keys(config: MemberConfig) -> Keys:
    """Raises `KeystoreError`, `GroupError`, or `MemberError` where keystore, group and configuration differ."""
    file = Path(config.member.group)
    group = decode_group(file.read_text())
    committee = config.committee
    if (group.epoch, group.package.threshold, group.package.size) != (
        committee.epoch,
        committee.threshold,
        len(committee.members),
    ):
        raise MemberError(f"{file}: not the group of {committee.name}'s epoch {committee.epoch}: fetch the right one")
    contents = read_keystore(Path(config.member.keystore.path), read_passphrase(config.member.keystore.passphrase))
    identity = committee.members[config.index].identity
    if contents.verify_key.hex() != identity:
        raise MemberError(
            f"{config.member.keystore.path}: its identity is {contents.verify_key.hex()}, but the committee knows "
            f"{config.member.member} by {identity}: this is another member's keystore"
        )
    if contents.share(committee.epoch).public.group != group.package.group:
        raise MemberError(f"{config.member.keystore.path}: its share belongs to another group key than {file}")
    return Keys(contents, group)
