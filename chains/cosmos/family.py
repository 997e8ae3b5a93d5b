"""The Cosmos family: the CAIP-2 namespace cosmos. Importing this module imports neither cosmpy nor aiohttp."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from pydantic import BaseModel

from chains.caip import AccountId, AssetId, CaipError, ChainId
from chains.cosmos import addresses
from chains.cosmos.options import ChainOptions, DeploymentOptions, MemberOptions, PositionOptions
from chains.errors import Refused
from chains.types import Checkpoint, Position

if TYPE_CHECKING:
    from pydantic import SecretStr

    from chains.cosmos.devnet import CosmosDevnet
    from chains.cosmos.user import CosmosUser
    from chains.opened import OpenedChain
    from chains.types import ChainSetup

_GATE_CAP_BITS = 128
_PREFIX = "cosmos"


class CosmosFamily:
    """See `chains.types.Family`."""

    namespace = "cosmos"
    chain_options: type[BaseModel] = ChainOptions
    member_options: type[BaseModel] = MemberOptions
    position_options: type[BaseModel] = PositionOptions
    deployment_options: type[BaseModel] = DeploymentOptions

    def canonical_account(self, account: AccountId) -> AccountId:
        """The address in Bech32, in lower case. Its prefix is the chain's to check, once it is opened."""
        return addresses.canonical_account(account)

    def canonical_asset(self, asset: AssetId) -> AssetId:
        """native:DENOM (percent-encoded), ibc:HASH or cw20:ADDRESS."""
        return addresses.canonical_asset(asset)

    def lint(self, chain: ChainId, options: BaseModel) -> Iterable[str]:
        """A chain's reference is its chain id, or is made of its hash (CAIP-5)."""
        try:
            addresses.check_chain(chain)
        except CaipError as error:
            yield str(error)
            return
        if isinstance(options, ChainOptions) and addresses.reference(options.chain_id) != chain.reference:
            yield f"chain_id: it makes the reference {addresses.reference(options.chain_id)}, so it is another chain's"

    def spread(self, options: BaseModel) -> int:
        """A block bears the time of the votes for the one before it (CometBFT, BFT time), so that what it holds may be
        as new as its successor's time: at most `max_block_seconds` later."""
        if not isinstance(options, ChainOptions):
            raise Refused("options of another family")
        return options.max_block_seconds

    def cap_limit(self) -> int:
        return (1 << _GATE_CAP_BITS) - 1

    def open(self, setup: "ChainSetup") -> "OpenedChain":
        """See `Family.open`. Raises `Refused` for secrets that cannot be resolved, and for addresses and options that
        do not fit the chain."""
        from chains.cosmos.chain import open_chain

        return open_chain(setup)

    def check_proof(self, position: Position, at: Checkpoint, amount: int, proof: bytes) -> None:
        """The block at `at` names the validators who signed its successor, whose app hash the amount is proven to."""
        from chains.cosmos import evidence

        evidence.check(position, at, amount, proof)

    def devnet(self) -> "CosmosDevnet":
        """See `chains.devnet`."""
        from chains.cosmos.devnet import CosmosDevnet

        return CosmosDevnet()

    def user(self, chain: ChainId, url: "SecretStr", secret: bytes) -> "CosmosUser":
        """See `chains.user.HasUser`."""
        from chains.cosmos.user import CosmosUser

        return CosmosUser(chain, url, secret)

    def account_address(self, secret: bytes) -> str:
        """The address of the secp256k1 key under the prefix of the Cosmos Hub; other chains write the same bytes under
        their own. Raises `Refused` for bytes that are no private key."""
        return addresses.of_secret(secret, _PREFIX)


FAMILY = CosmosFamily()
