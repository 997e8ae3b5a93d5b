"""Methods about accounts and tokens. https://solana.com/docs/rpc/http has one page for each."""

from solders.account import Account
from solders.pubkey import Pubkey

from chains.solana.node import params, tokens
from chains.solana.node.blocks import Block
from chains.solana.node.encoding import Form, account_json, form, with_context
from chains.solana.node.errors import invalid_params
from chains.solana.node.filters import Filter, accepts, filters
from chains.solana.node.landed import Json
from chains.solana.node.ledger import Ledger
from chains.solana.node.method import Method

_MOST_ACCOUNTS = 100


def get_account_info(ledger: Ledger, given: list[Json]) -> Json:
    address, config = params.pubkey(given[0]), params.config(given[1])
    wanted, block = form(config), config.block(ledger)
    return with_context(block, shown(ledger, ledger.account(address, block), wanted, block))


def get_multiple_accounts(ledger: Ledger, given: list[Json]) -> Json:
    asked, config = params.texts(given[0], _MOST_ACCOUNTS), params.config(given[1])
    addresses = [params.pubkey(each) for each in asked]
    wanted, block = form(config, "base64"), config.block(ledger)
    return with_context(block, [shown(ledger, ledger.account(address, block), wanted, block) for address in addresses])


def get_program_accounts(ledger: Ledger, given: list[Json]) -> Json:
    program, config = params.pubkey(given[0]), params.config(given[1])
    accepted, wanted = filters(config.get("filters")), form(config)
    contextual, block = config.flag("withContext"), config.block(ledger)
    found = _listed(ledger, program, accepted, wanted, block)
    return with_context(block, found) if contextual else found


def get_balance(ledger: Ledger, given: list[Json]) -> Json:
    address, block = params.pubkey(given[0]), params.config(given[1]).block(ledger)
    account = ledger.account(address, block)
    return with_context(block, 0 if account is None else account.lamports)


def get_token_account_balance(ledger: Ledger, given: list[Json]) -> Json:
    address, block = params.pubkey(given[0]), params.config(given[1]).block(ledger)
    held = tokens.token_account(_existing(ledger, address, block))
    if held is None:
        raise invalid_params("Invalid param: not a Token account")
    mint = ledger.account(held.mint, block)
    read = tokens.mint(mint) if mint is not None else None
    if read is None:
        raise invalid_params("Invalid param: mint could not be unpacked")
    return with_context(block, tokens.ui_amount(held.amount, read.decimals))


def get_token_supply(ledger: Ledger, given: list[Json]) -> Json:
    address, block = params.pubkey(given[0]), params.config(given[1]).block(ledger)
    account = _existing(ledger, address, block)
    if account.owner not in tokens.PROGRAMS:
        raise invalid_params("Invalid param: not a Token mint")
    mint = tokens.mint(account)
    if mint is None:
        raise invalid_params("Invalid param: mint could not be unpacked")
    return with_context(block, tokens.ui_amount(mint.supply, mint.decimals))


def get_token_accounts_by_owner(ledger: Ledger, given: list[Json]) -> Json:
    owner, config = params.pubkey(given[0]), params.config(given[2])
    wanted, block = form(config), config.block(ledger)
    program, mint = _token_filter(ledger, given[1], block)
    by_owner = Filter(offset=32, data=bytes(owner), tokens_only=True)
    by_mint = [Filter(offset=0, data=bytes(mint))] if mint is not None else []
    return with_context(block, _listed(ledger, program, [by_owner, *by_mint], wanted, block))


def shown(ledger: Ledger, account: Account | None, wanted: Form, block: Block) -> Json:
    """The documented object of an account, null if there is none."""
    if account is None:
        return None
    decimals = None
    if wanted.encoding == "jsonParsed" and (held := tokens.token_account(account)) is not None:
        mint = ledger.account(held.mint, block)
        read = tokens.mint(mint) if mint is not None else None
        decimals = None if read is None else read.decimals
    return account_json(account, wanted, decimals)


def _listed(ledger: Ledger, program: Pubkey, accepted: list[Filter], wanted: Form, block: Block) -> list[Json]:
    return [
        {"account": shown(ledger, account, wanted, block), "pubkey": str(address)}
        for address, account in ledger.owned(program, block)
        if accepts(accepted, account)
    ]


def _token_filter(ledger: Ledger, value: Json, block: Block) -> tuple[Pubkey, Pubkey | None]:
    """The token program and the mint that `{"mint": ...}` or `{"programId": ...}` asks for."""
    if not isinstance(value, dict) or len(value) != 1:
        raise invalid_params("Invalid params: expected a map with the single key `mint` or `programId`.")
    ((name, text),) = value.items()
    if name not in ("mint", "programId"):
        raise invalid_params(f"Invalid params: unknown variant `{name[:40]}`, expected `mint` or `programId`.")
    address = params.pubkey(text)
    if name == "programId":
        if address not in tokens.PROGRAMS:
            raise invalid_params("Invalid param: unrecognized Token program id")
        return address, None
    account = _existing(ledger, address, block)
    if tokens.mint(account) is None:
        raise invalid_params("Invalid param: Token mint could not be unpacked")
    return account.owner, address


def _existing(ledger: Ledger, address: Pubkey, block: Block) -> Account:
    account = ledger.account(address, block)
    if account is None:
        raise invalid_params("Invalid param: could not find account")
    return account


METHODS = {
    "getAccountInfo": Method(get_account_info, 1, 1),
    "getMultipleAccounts": Method(get_multiple_accounts, 1, 1),
    "getProgramAccounts": Method(get_program_accounts, 1, 1),
    "getBalance": Method(get_balance, 1, 1),
    "getTokenAccountBalance": Method(get_token_account_balance, 1, 1),
    "getTokenSupply": Method(get_token_supply, 1, 1),
    "getTokenAccountsByOwner": Method(get_token_accounts_by_owner, 2, 1),
}
