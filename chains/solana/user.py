"""A holder of a wrapped SPL token at one node. See `chains.user`."""

from dataclasses import dataclass

from pydantic import SecretStr
from solders.instruction import Instruction
from solders.pubkey import Pubkey
from spl.token.instructions import create_idempotent_associated_token_account

from chains.caip import ChainId
from chains.errors import ChainError, Refused, Unreadable
from chains.jsonrpc import Limits
from chains.solana import instructions, rpc
from chains.solana.addresses import SYSTEM_PROGRAM, TOKEN_PROGRAMS, canonical, to_bytes, token_address
from chains.solana.client import LIMITS, UNITS, Client
from chains.solana.options import DeploymentOptions
from chains.solana.state import Route, StateError
from chains.solana.tokens import TokenError, decode_account, decode_mint
from chains.solana.transactions import MOST_BYTES, size
from chains.types import Deployment, GateState, Receipt


@dataclass(frozen=True, slots=True)
class _Gate:
    """What a deployment says of a gate, all addresses in base58."""

    program: str
    gate: str
    token: str
    token_program: str


class SolanaUser:
    """See `chains.user.User`. Where a mint's `to` is a wallet, the tokens go to its associated token account, which the
    transaction makes if it is not there; the holder pays for that."""

    def __init__(self, chain: ChainId, url: SecretStr, secret: bytes, limits: Limits = LIMITS) -> None:
        self._client = Client(chain, url, secret, limits=limits)
        self.address = self._client.address

    async def close(self) -> None:
        await self._client.close()

    async def state(self, deployment: Deployment) -> GateState:
        at = _gate(deployment)
        gate, token = await self._client.accounts(at.gate, at.token)
        try:
            route = Route.decode(_owned(gate, at.program, f"the gate {at.gate}"))
            mint = decode_mint(_owned(token, at.token_program, f"the mint {at.token}"), at.token_program)
        except (StateError, TokenError) as error:
            raise Unreadable(f"{deployment.gate}: {error}") from None
        return GateState(mint.supply, route.round, route.cap, route.expires_at)

    async def mint_refusal(self, deployment: Deployment, to: str, amount: int, submission: bytes | None) -> str:
        calls = await self._minting(deployment, to, amount, submission)
        return await self._client.refusal(calls, _gate(deployment).program)

    async def mint(self, deployment: Deployment, to: str, amount: int, submission: bytes | None) -> Receipt:
        calls = await self._minting(deployment, to, amount, submission)
        return await self._client.transact(calls, program=_gate(deployment).program)

    async def allow(self, deployment: Deployment, amount: int) -> Receipt | None:
        # The holder signs the redemption itself, and with that the burning.
        return None

    async def redeem_refusal(self, deployment: Deployment, amount: int) -> str:
        return await self._client.refusal([self._redeeming(deployment, amount)], _gate(deployment).program)

    async def redeem(self, deployment: Deployment, amount: int) -> Receipt:
        return await self._client.transact([self._redeeming(deployment, amount)], program=_gate(deployment).program)

    async def _minting(
        self, deployment: Deployment, to: str, amount: int, submission: bytes | None
    ) -> list[Instruction]:
        at = _gate(deployment)
        destination, making = await self._destination(at, canonical(to))
        minting = instructions.mint(
            at.program,
            at.gate,
            token=at.token,
            destination=destination,
            minter=self.address,
            token_program=at.token_program,
            amount=amount,
            statement=submission or b"",
        )
        found = [*making, minting]
        if (needed := size(self._client.message(found, UNITS))) > MOST_BYTES:
            raise ChainError(
                f"mint and statement would be a transaction of {needed} bytes, and Solana takes at most {MOST_BYTES}: "
                "mint without the statement, once a member has brought it to the gate"
            )
        return found

    async def _destination(self, at: _Gate, to: str) -> tuple[str, list[Instruction]]:
        """The token account that gets the tokens, and what makes it if it is not there. Raises `Refused` where they
        could not be got back from."""
        (found,) = await self._client.accounts(to)
        if found is not None and found.owner in TOKEN_PROGRAMS:
            _check_token_account(found, at, to)
            return to, []
        if found is None and not Pubkey(to_bytes(to)).is_on_curve():
            raise Refused(f"{to} is no wallet's address, and there is no account: nobody could move tokens from there")
        if found is not None and found.owner != SYSTEM_PROGRAM:
            raise Refused(f"{to} is an account of the program {found.owner}: neither a wallet nor a token account")
        made = token_address(to, at.token, at.token_program)
        token, holder, program = (Pubkey(to_bytes(a)) for a in (at.token, to, at.token_program))
        payer = Pubkey(to_bytes(self.address))
        return made, [create_idempotent_associated_token_account(payer, holder, token, program)]

    def _redeeming(self, deployment: Deployment, amount: int) -> Instruction:
        at = _gate(deployment)
        return instructions.redeem(
            at.program,
            at.gate,
            token=at.token,
            source=token_address(self.address, at.token, at.token_program),
            holder=self.address,
            token_program=at.token_program,
            amount=amount,
        )


def _gate(deployment: Deployment) -> _Gate:
    options = deployment.options
    if not isinstance(options, DeploymentOptions):
        raise Refused(f"{deployment.gate}: options of another family")
    return _Gate(options.program, deployment.gate.address, deployment.token.asset, options.token_program)


def _owned(account: rpc.Account | None, program: str, what: str) -> bytes:
    if account is None:
        raise Unreadable(f"{what} does not exist at this node's newest state")
    if account.owner != program:
        raise Refused(f"{what} belongs to {account.owner}, not to {program}")
    return account.data


def _check_token_account(account: rpc.Account, at: _Gate, to: str) -> None:
    if account.owner != at.token_program:
        raise Refused(f"{to} belongs to the token program {account.owner}, the token to {at.token_program}")
    try:
        held = decode_account(account.data, at.token_program).mint
    except TokenError as error:
        raise Refused(f"{to} is no token account: {error}") from None
    if held != at.token:
        raise Refused(f"{to} is a token account of {held}, not of {at.token}")
