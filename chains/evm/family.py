"""The EVM family: the CAIP-2 namespace eip155. Importing this module imports neither web3 nor aiohttp."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from pydantic import BaseModel

from chains.caip import AccountId, AssetId, CaipError, ChainId
from chains.errors import Refused
from chains.evm import proofs
from chains.evm.addresses import canonical
from chains.evm.options import ChainOptions, DeploymentOptions, MemberOptions, PositionOptions
from chains.hashing import keccak256
from chains.types import Checkpoint, Position

if TYPE_CHECKING:
    from pydantic import SecretStr

    from chains.evm.demo import EvmDevnet
    from chains.evm.user import EvmUser
    from chains.opened import OpenedChain
    from chains.types import ChainSetup

_GATE_CAP_BITS = 128


class EvmFamily:
    """See `chains.types.Family`."""

    namespace = "eip155"
    chain_options: type[BaseModel] = ChainOptions
    member_options: type[BaseModel] = MemberOptions
    position_options: type[BaseModel] = PositionOptions
    deployment_options: type[BaseModel] = DeploymentOptions

    def canonical_account(self, account: AccountId) -> AccountId:
        """The address in lower-case hex. One in mixed case must bear its EIP-55 checksum."""
        _chain(account.chain)
        return AccountId(account.chain, canonical(account.address))

    def canonical_asset(self, asset: AssetId) -> AssetId:
        """erc20:ADDRESS in lower case, or slip44:N for the chain's native coin."""
        _chain(asset.chain)
        if asset.token is not None:
            raise CaipError(f"{asset}: a single token of a collection is no fungible asset")
        if asset.kind == "erc20":
            return AssetId(asset.chain, asset.kind, canonical(asset.asset))
        if asset.kind == "slip44" and asset.asset.isdigit() and str(int(asset.asset)) == asset.asset:
            return asset
        raise CaipError(f"{asset}: EVM assets are erc20:ADDRESS, or slip44:N for the native coin")

    def lint(self, chain: ChainId, options: BaseModel) -> Iterable[str]:
        """A chain's reference is its chain id in decimal (CAIP-2, namespace eip155)."""
        try:
            _chain(chain)
        except CaipError as error:
            yield str(error)
        if isinstance(options, ChainOptions) and int(options.genesis_hash, 16) == 0:
            yield "genesis_hash: all zeros is no hash of a block"

    def spread(self, options: BaseModel) -> int:
        return 0

    def cap_limit(self) -> int:
        return (1 << _GATE_CAP_BITS) - 1

    def open(self, setup: "ChainSetup") -> "OpenedChain":
        """See `Family.open`. Raises `Refused` for secrets that cannot be resolved."""
        from chains.evm.chain import open_chain

        return open_chain(setup)

    def check_proof(self, position: Position, at: Checkpoint, amount: int, proof: bytes) -> None:
        proofs.check(position, at, amount, proof)

    def devnet(self) -> "EvmDevnet":
        """See `chains.devnet`."""
        from chains.evm.demo import EvmDevnet

        return EvmDevnet()

    def user(self, chain: ChainId, url: "SecretStr", secret: bytes) -> "EvmUser":
        """See `chains.user.HasUser`."""
        from chains.evm.user import EvmUser

        return EvmUser(chain, url, secret)

    def account_address(self, secret: bytes) -> str:
        """0x and 40 lower-case hex digits. Raises `Refused` for bytes that are no private key."""
        import coincurve

        try:
            public = coincurve.PrivateKey(secret).public_key.format(compressed=False)
        except ValueError:
            raise Refused("the account's secret is no secp256k1 private key") from None
        return "0x" + keccak256(public[1:])[12:].hex()


def _chain(chain: ChainId) -> None:
    if not chain.reference.isdigit() or str(int(chain.reference)) != chain.reference or chain.reference == "0":
        raise CaipError(f"{chain}: the reference must be the chain id in decimal, as in eip155:1")


FAMILY = EvmFamily()
