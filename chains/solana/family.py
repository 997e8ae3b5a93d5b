"""The Solana family: the CAIP-2 namespace solana. Importing this module imports neither solders nor aiohttp."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from pydantic import BaseModel

from chains.caip import AccountId, AssetId, CaipError, ChainId
from chains.errors import ProofError, Refused
from chains.solana import addresses
from chains.solana.options import ChainOptions, DeploymentOptions, MemberOptions, PositionOptions
from chains.types import Checkpoint, Position

if TYPE_CHECKING:
    from pydantic import SecretStr

    from chains.opened import OpenedChain
    from chains.solana.devnet import SolanaDevnet
    from chains.solana.user import SolanaUser
    from chains.types import ChainSetup

_GATE_CAP_BITS = 64


class SolanaFamily:
    """See `chains.types.Family`."""

    namespace = "solana"
    chain_options: type[BaseModel] = ChainOptions
    member_options: type[BaseModel] = MemberOptions
    position_options: type[BaseModel] = PositionOptions
    deployment_options: type[BaseModel] = DeploymentOptions

    def canonical_account(self, account: AccountId) -> AccountId:
        """The address in base58, which has one spelling. Of a position: the token account, not its owner."""
        return addresses.canonical_account(account)

    def canonical_asset(self, asset: AssetId) -> AssetId:
        """token:MINT, or slip44:501 for the chain's native coin."""
        return addresses.canonical_asset(asset)

    def lint(self, chain: ChainId, options: BaseModel) -> Iterable[str]:
        """A chain's reference is the beginning of its genesis hash (CAIP-2, namespace solana)."""
        try:
            addresses.check_chain(chain)
        except CaipError as error:
            yield str(error)
            return
        if isinstance(options, ChainOptions) and not options.genesis_hash.startswith(chain.reference):
            yield f"genesis_hash: it does not begin with {chain.reference}, so it is another chain's"

    def spread(self, options: BaseModel) -> int:
        """The window: endpoints that agree may be that far apart, and the oldest names the checkpoint."""
        if not isinstance(options, ChainOptions):
            raise Refused("options of another family")
        return options.window

    def cap_limit(self) -> int:
        return (1 << _GATE_CAP_BITS) - 1

    def open(self, setup: "ChainSetup") -> "OpenedChain":
        """See `Family.open`. Raises `Refused` for secrets that cannot be resolved."""
        from chains.solana.chain import open_chain

        return open_chain(setup)

    def check_proof(self, position: Position, at: Checkpoint, amount: int, proof: bytes) -> None:
        """Solana offers no proofs of accounts that could be checked offline: there is none to be shown."""
        if proof:
            raise ProofError(f"{position.account}: {len(proof)} bytes of proof, but Solana has no account proofs")

    def devnet(self) -> "SolanaDevnet":
        """See `chains.devnet`."""
        from chains.solana.devnet import SolanaDevnet

        return SolanaDevnet()

    def user(self, chain: ChainId, url: "SecretStr", secret: bytes) -> "SolanaUser":
        """See `chains.user.HasUser`."""
        from chains.solana.user import SolanaUser

        return SolanaUser(chain, url, secret)

    def account_address(self, secret: bytes) -> str:
        """The ed25519 public key of the seed `secret` (RFC 8032), in base58. Raises `Refused` for another number of
        bytes than 32."""
        from nacl.signing import SigningKey

        if len(secret) != addresses.SIZE:
            raise Refused(f"the account's secret has {len(secret)} bytes, an ed25519 seed has {addresses.SIZE}")
        return addresses.to_text(bytes(SigningKey(secret).verify_key))


FAMILY = SolanaFamily()
