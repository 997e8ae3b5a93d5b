"""Methods about transactions: sending, simulating, finding. https://solana.com/docs/rpc/http has one page for each."""

from solders.pubkey import Pubkey
from solders.transaction import VersionedTransaction

from chains.solana.node import params, reasons, transaction_json, wire
from chains.solana.node.blocks import Block
from chains.solana.node.encoding import ENCODINGS, Form, with_context
from chains.solana.node.errors import invalid_params, preflight_failure, signature_not_found
from chains.solana.node.landed import Json, Landed
from chains.solana.node.ledger import Ledger
from chains.solana.node.memos import memo
from chains.solana.node.method import Method
from chains.solana.node.methods_accounts import shown
from chains.solana.node.methods_chain import at_least_confirmed, check_health
from chains.solana.node.simulation import refused, simulated

_MOST_STATUSES = 256
_RECENT_SLOTS = 300
"""A status is found without `searchTransactionHistory` for that many final slots."""
_MOST_SIGNATURES = 1000
_MOST_BASE64 = 4 * -(-wire.PACKET_SIZE // 3)
_MOST_BASE58 = 1683
"""Characters that 1232 bytes can take."""


def send_transaction(ledger: Ledger, given: list[Json]) -> Json:
    """The preflight judges as the newest block of its commitment; then the transaction goes to the open slot, whose
    leader says nothing of what becomes of it."""
    raw, config = params.text(given[0]), params.config(given[1])
    skip, encoding = config.flag("skipPreflight"), config.choice("encoding", transaction_json.ENCODINGS)
    commitment = config.choice("preflightCommitment", params.COMMITMENTS) or "finalized"
    config.number("maxRetries")
    transaction = _decoded(raw, encoding or "base58")
    members = {"commitment": commitment, "minContextSlot": config.get("minContextSlot")}
    block = params.Config(members).block(ledger)
    if not skip:
        check_health(ledger)
        _preflight(ledger, transaction, block)
    ledger.submit(transaction)
    return str(transaction.signatures[0])


def _preflight(ledger: Ledger, transaction: VersionedTransaction, block: Block) -> None:
    refusal = ledger.refusal(transaction, block)
    if refusal is not None:
        raise preflight_failure(reasons.reason(refusal, ()), refused(refusal).failed_preflight())
    try:
        outcome = ledger.trial(transaction, block)
    except wire.BadTransaction as error:
        raise invalid_params(str(error)) from None
    if outcome.error is not None:
        raise preflight_failure(outcome.reason, simulated(outcome).failed_preflight())


def simulate_transaction(ledger: Ledger, given: list[Json]) -> Json:
    raw, config = params.text(given[0]), params.config(given[1])
    verify, replace = config.flag("sigVerify"), config.flag("replaceRecentBlockhash")
    inner = config.flag("innerInstructions")
    encoding = config.choice("encoding", transaction_json.ENCODINGS) or "base58"
    transaction, block = _decoded(raw, encoding), config.block(ledger)
    if verify and replace:
        raise invalid_params("sigVerify may not be used with replaceRecentBlockhash")
    if replace:
        transaction = wire.with_blockhash(transaction, block.blockhash)
    try:
        refusal = ledger.refusal(transaction, block, verify)
        outcome = ledger.trial(transaction, block)
    except wire.BadTransaction as error:
        raise invalid_params(str(error)) from None
    wanted, asked = _accounts_asked(config.get("accounts"), len(outcome.keys))
    told = refused(refusal, outcome) if refusal is not None else simulated(outcome)
    answer = told.result(inner)
    if asked is not None:
        answer["accounts"] = [
            shown(ledger, outcome.accounts.get(address) or ledger.account(address, block), wanted, block)
            if told.error is None
            else None
            for address in asked
        ]
    if replace:
        height = ledger.last_valid_height(block)
        fresh = {"blockhash": params.to_base58(block.blockhash), "lastValidBlockHeight": height}
        answer["replacementBlockhash"] = fresh
    return with_context(block, answer)


def _accounts_asked(value: Json, most: int) -> tuple[Form, list[Pubkey] | None]:
    if value is None:
        return Form("base64", None), None
    config = params.config(value)
    encoding = config.choice("encoding", ENCODINGS) or "base64"
    if encoding in ("base58", "binary"):
        raise invalid_params("base58 encoding not supported")
    asked = config.get("addresses")
    if not isinstance(asked, list):
        raise invalid_params("Invalid params: missing field `addresses`.")
    if len(asked) > most:
        raise invalid_params(f"Too many accounts provided; max {most}")
    return Form(encoding, None), [params.pubkey(each) for each in asked]


def _decoded(raw: str, encoding: str) -> VersionedTransaction:
    """A transaction in base64 or base58, small enough to be one."""
    if encoding in ("json", "jsonParsed"):
        raise invalid_params(f"unsupported encoding: {encoding}. Supported encodings: base58, base64")
    most, decode = (_MOST_BASE64, params.from_base64) if encoding == "base64" else (_MOST_BASE58, params.from_base58)
    if len(raw) > most:
        size = wire.PACKET_SIZE
        raise invalid_params(f"encoded transaction too large: {len(raw)} bytes (max: encoded/raw {most}/{size})")
    try:
        return wire.decode(decode(raw))
    except ValueError as error:
        raise invalid_params(str(error)) from None


def get_signature_statuses(ledger: Ledger, given: list[Json]) -> Json:
    asked, config = params.texts(given[0], _MOST_STATUSES), params.config(given[1])
    everything, newest = config.flag("searchTransactionHistory"), ledger.blocks.newest
    oldest = 0 if everything else ledger.blocks.at("finalized").slot - _RECENT_SLOTS
    found = [ledger.landed(params.signature(each), newest.slot) for each in asked]
    return with_context(newest, [_status(ledger, each) if each and each.slot > oldest else None for each in found])


def _status(ledger: Ledger, landed: Landed) -> Json:
    error, commitment = landed.outcome.error, ledger.commitment_of(landed.slot)
    return {
        "confirmationStatus": commitment,
        "confirmations": None if commitment == "finalized" else ledger.blocks.newest.slot - landed.slot,
        "err": error,
        "slot": landed.slot,
        "status": {"Ok": None} if error is None else {"Err": error},
    }


def get_transaction(ledger: Ledger, given: list[Json]) -> Json:
    signature, wanted = params.signature(given[0]), transaction_json.wanted(given[1])
    block = at_least_confirmed(ledger, wanted.config)
    landed = ledger.landed(signature, block.slot)
    return None if landed is None else transaction_json.full(landed, wanted)


def get_signatures_for_address(ledger: Ledger, given: list[Json]) -> Json:
    """Newest first, from after `before` to before `until`."""
    address, config = params.pubkey(given[0]), params.config(given[1])
    limit = config.number("limit")
    limit = _MOST_SIGNATURES if limit is None else limit
    if not 1 <= limit <= _MOST_SIGNATURES:
        raise invalid_params(f"Invalid limit; max {_MOST_SIGNATURES}")
    block = at_least_confirmed(ledger, config)
    before, until = (_bound(ledger, config.get(name), block) for name in ("before", "until"))
    answer: list[Json] = []
    for landed in ledger.landed_with(address, block.slot):
        if until is not None and (landed.slot, landed.index) <= (until.slot, until.index):
            break
        if before is None or (landed.slot, landed.index) < (before.slot, before.index):
            answer.append(
                {
                    "blockTime": landed.time,
                    "confirmationStatus": ledger.commitment_of(landed.slot),
                    "err": landed.outcome.error,
                    "memo": memo(wire.message_of(landed.transaction)),
                    "signature": str(landed.signature),
                    "slot": landed.slot,
                    "transactionIndex": landed.index,
                }
            )
        if len(answer) == limit:
            break
    return answer


def _bound(ledger: Ledger, value: Json, block: Block) -> Landed | None:
    if value is None:
        return None
    signature = params.signature(value)
    landed = ledger.landed(signature, block.slot)
    if landed is None:
        raise signature_not_found(signature)
    return landed


def request_airdrop(ledger: Ledger, given: list[Json]) -> Json:
    """A transfer from the faucet, sent like any other transaction; any amount."""
    address, lamports, config = params.pubkey(given[0]), params.unsigned(given[1]), params.config(given[2])
    named = config.get("recentBlockhash")
    blockhash = ledger.blocks.newest.blockhash if named is None else params.blockhash(named)
    return str(ledger.airdrop(address, lamports, blockhash))


METHODS = {
    "sendTransaction": Method(send_transaction, 1, 1),
    "simulateTransaction": Method(simulate_transaction, 1, 1),
    "getSignatureStatuses": Method(get_signature_statuses, 1, 1),
    "getTransaction": Method(get_transaction, 1, 1),
    "getSignaturesForAddress": Method(get_signatures_for_address, 1, 1),
    "requestAirdrop": Method(request_airdrop, 2, 1),
}
