"""A local chain's identity follows from its number alone, and is written down here so that it never changes."""

import hashlib
import subprocess
import sys

import pytest
from solders.hash import Hash

from chains.caip import ChainId
from chains.solana.addresses import check_chain
from chains.solana.node import genesis


def test_the_genesis_hash_follows_from_the_number() -> None:
    assert genesis.genesis_hash(7) == hashlib.sha256(b"ballast local solana chain 7").digest()
    assert len({genesis.genesis_hash(number) for number in range(50)}) == 50


def test_the_reference_is_that_of_caip_2() -> None:
    for number in (0, 1, 2**64 - 1):
        assert genesis.reference(number) == str(Hash(genesis.genesis_hash(number)))[:32]
        check_chain(ChainId(genesis.NAMESPACE, genesis.reference(number)))


@pytest.mark.parametrize("number", [-1, 2**64])
def test_other_numbers_are_refused(number: int) -> None:
    with pytest.raises(ValueError, match="a local chain's number"):
        genesis.reference(number)


def test_the_faucet_is_not_the_chain() -> None:
    assert genesis.faucet_seed(1) != genesis.genesis_hash(1)


def test_the_identity_loads_no_vm() -> None:
    code = "import sys; import chains.solana.node.genesis as g; g.reference(1); sys.exit('solders' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
