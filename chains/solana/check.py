"""The start check: is everything configured what the configuration says? All findings at once, one a line.

Where a pin is missing or wrong, the finding names the value that was read, so that it can be verified and entered. Who
could change what (upgrade authority, mint and freeze authorities) is told in the log.
"""

from chains.errors import Unreadable
from chains.solana import collateral, gates
from chains.solana.codes import Codes
from chains.solana.finality import Finality
from chains.solana.options import DeploymentOptions, PositionOptions
from chains.solana.plan import Accounts
from chains.solana.reader import code_hash_of, subject
from chains.solana.tokens import TokenError, decode_mint
from chains.types import ChainSetup, Deployment, Position


class Checker:
    """Looks at everything that is configured on one chain, at its newest checkpoint."""

    def __init__(self, finality: Finality, codes: Codes, setup: ChainSetup) -> None:
        self._finality, self._codes, self._setup = finality, codes, setup

    async def findings(self) -> list[str]:
        """What does not fit, one sentence each. Raises `Unreadable` when it cannot be read."""
        accounts = self._finality.snapshot(await self._finality.finalized()).accounts
        found = list[str]()
        for position in self._setup.positions:
            _, wrong = collateral.held(position, accounts)
            texts = [finding.text for finding in wrong] + _declared(position)
            found += [f"{subject(position)}: {text}" for text in texts]
            self._tell_mint(subject(position), position, accounts)
        for deployment in self._setup.deployments:
            found += [f"{subject(deployment)}: {text}" for text in await self._deployment(deployment, accounts)]
        return list(dict.fromkeys(found))

    async def _deployment(self, deployment: Deployment, accounts: Accounts) -> list[str]:
        try:
            code_hash = await code_hash_of(deployment, accounts, self._codes)
        except Unreadable as error:
            return [str(error)]
        state, wrong = gates.state(deployment, accounts, code_hash)
        self._tell_program(deployment, accounts)
        self._tell_mint(subject(deployment), deployment, accounts)
        if state is not None and state.round == 0:
            self._setup.log.info("gate_without_statement", deployment=subject(deployment))
        return [finding.text for finding in wrong]

    def _tell_program(self, deployment: Deployment, accounts: Accounts) -> None:
        options = deployment.options
        assert isinstance(options, DeploymentOptions)
        head = gates.program_data(accounts, options.program)
        if head is not None:
            self._setup.log.info(
                "program",
                deployment=subject(deployment),
                program=options.program,
                deployed_in_slot=head.slot,
                upgrade_authority=head.upgrade_authority or "none",
            )

    def _tell_mint(self, name: str, named: Position | Deployment, accounts: Accounts) -> None:
        asset = named.asset if isinstance(named, Position) else named.token
        account = accounts.get(asset.asset)
        if account is None:
            return
        try:
            mint = decode_mint(account.data, account.owner)
        except TokenError:
            return  # a finding says so
        self._setup.log.info(
            "mint",
            of=name,
            mint=asset.asset,
            mint_authority=mint.authority or "none",
            freeze_authority=mint.freeze_authority or "none",
            extensions=[extension.name for extension in mint.extensions],
        )


def _declared(position: Position) -> list[str]:
    """What the configuration says about the wrong kind of position."""
    options = position.options
    assert isinstance(options, PositionOptions)
    fields = PositionOptions.model_fields
    given = {name for name, field in fields.items() if getattr(options, name) != field.default}
    if position.asset.kind == "slip44":
        of_tokens = set(fields) - {"program", "reserve", "transfer"}
        found = [f"{name}: a native position has no token" for name in sorted(given & of_tokens)]
        return found + (["transfer: native coins move exactly"] if options.transfer != "exact" else [])
    return [f"{name}: only for native positions" for name in sorted(given & {"program", "reserve"})]
