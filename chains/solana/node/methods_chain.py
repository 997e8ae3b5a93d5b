"""Methods about the node and its chain: health, slots, blocks, blockhashes, fees.

https://solana.com/docs/rpc/http has one page for each.
"""

from solders.signature import Signature
from solders.transaction import VersionedTransaction

from chains.solana.node import params, sysvars, transaction_json, wire
from chains.solana.node.blocks import Block
from chains.solana.node.encoding import with_context
from chains.solana.node.errors import (
    INVALID_REQUEST,
    RpcError,
    block_cleaned_up,
    block_not_available,
    invalid_params,
    node_unhealthy,
    slot_skipped,
)
from chains.solana.node.landed import Json
from chains.solana.node.ledger import Ledger
from chains.solana.node.method import Method
from chains.solana.node.version import FEATURE_SET, VERSION

_MOST_BLOCKS = 500_000
_MOST_FEE_ACCOUNTS = 128
_FEE_BLOCKS = 150
_MOST_ACCOUNT_DATA = 10 * 1024 * 1024
_LOCKOUTS = 32
_STAKE = 10**15


def get_health(ledger: Ledger, _: list[Json]) -> Json:
    check_health(ledger)
    return "ok"


def check_health(ledger: Ledger) -> None:
    """Raises `RpcError` (-32005) if the node has been told that it is behind."""
    if ledger.behind is not None:
        raise node_unhealthy(ledger.behind)


def get_version(_: Ledger, __: list[Json]) -> Json:
    return {"feature-set": FEATURE_SET, "solana-core": VERSION}


def get_genesis_hash(ledger: Ledger, _: list[Json]) -> Json:
    return params.to_base58(ledger.genesis_hash)


def get_identity(ledger: Ledger, _: list[Json]) -> Json:
    return {"identity": str(ledger.identity)}


def get_slot(ledger: Ledger, given: list[Json]) -> Json:
    return params.config(given[0]).block(ledger).slot


def get_slot_leader(ledger: Ledger, given: list[Json]) -> Json:
    params.config(given[0]).block(ledger)
    return str(ledger.identity)


def get_block_height(ledger: Ledger, given: list[Json]) -> Json:
    return params.config(given[0]).block(ledger).height


def get_epoch_info(ledger: Ledger, given: list[Json]) -> Json:
    block = params.config(given[0]).block(ledger)
    epoch, index = divmod(block.slot, sysvars.SLOTS_PER_EPOCH)
    return {
        "absoluteSlot": block.slot,
        "blockHeight": block.height,
        "epoch": epoch,
        "slotIndex": index,
        "slotsInEpoch": sysvars.SLOTS_PER_EPOCH,
        "transactionCount": block.total,
    }


def get_epoch_schedule(_: Ledger, __: list[Json]) -> Json:
    return {
        "firstNormalEpoch": 0,
        "firstNormalSlot": 0,
        "leaderScheduleSlotOffset": sysvars.SLOTS_PER_EPOCH,
        "slotsPerEpoch": sysvars.SLOTS_PER_EPOCH,
        "warmup": False,
    }


def get_transaction_count(ledger: Ledger, given: list[Json]) -> Json:
    return params.config(given[0]).block(ledger).total


def get_first_available_block(ledger: Ledger, _: list[Json]) -> Json:
    return ledger.blocks.oldest.slot


def get_blocks(ledger: Ledger, given: list[Json]) -> Json:
    """The end may be left out, with the configuration in its place."""
    first = params.unsigned(given[0])
    end, last_given = (None, given[1]) if isinstance(given[1], dict) else (given[1], given[2])
    newest = at_least_confirmed(ledger, params.config(last_given)).slot
    last = newest if end is None else min(params.unsigned(end), newest)
    if last - first > _MOST_BLOCKS:
        raise invalid_params(f"Slot range too large; max {_MOST_BLOCKS}")
    return [block.slot for block in ledger.blocks.between(first, last)]


def get_blocks_with_limit(ledger: Ledger, given: list[Json]) -> Json:
    first, limit = params.unsigned(given[0]), params.unsigned(given[1])
    newest = at_least_confirmed(ledger, params.config(given[2])).slot
    if limit > _MOST_BLOCKS:
        raise invalid_params(f"Limit too large; max {_MOST_BLOCKS}")
    return [block.slot for block in ledger.blocks.between(first, newest)[:limit]]


def get_block_time(ledger: Ledger, given: list[Json]) -> Json:
    return _block(ledger, params.unsigned(given[0]), ledger.blocks.newest).time


def get_block_commitment(ledger: Ledger, given: list[Json]) -> Json:
    """One validator with all the stake: its lockout on the block is the number of slots on top of it."""
    slot = params.unsigned(given[0])
    votes: list[int] | None = None
    if slot <= ledger.blocks.newest.slot:
        votes = [0] * _LOCKOUTS
        final = slot <= ledger.blocks.at("finalized").slot
        votes[-1 if final else min(ledger.blocks.newest.slot - slot, _LOCKOUTS - 2)] = _STAKE
    return {"commitment": votes, "totalStake": _STAKE}


def get_block(ledger: Ledger, given: list[Json]) -> Json:
    slot = params.unsigned(given[0])
    wanted = transaction_json.wanted(given[1])
    details = wanted.config.choice("transactionDetails", transaction_json.DETAILS) or "full"
    block = _block(ledger, slot, at_least_confirmed(ledger, wanted.config))
    answer: dict[str, Json] = {
        "blockHeight": block.height,
        "blockTime": block.time,
        "blockhash": params.to_base58(block.blockhash),
        "parentSlot": block.parent,
        "previousBlockhash": params.to_base58(block.previous),
    }
    if details == "signatures":
        answer["signatures"] = [str(landed.signature) for landed in block.landed]
    elif details != "none":
        answer["transactions"] = [transaction_json.in_block(landed, wanted, details) for landed in block.landed]
    if wanted.config.get("rewards") is not False:
        answer["rewards"] = []
    return answer


def get_latest_blockhash(ledger: Ledger, given: list[Json]) -> Json:
    block = params.config(given[0]).block(ledger)
    known = params.to_base58(block.blockhash)
    return with_context(block, {"blockhash": known, "lastValidBlockHeight": ledger.last_valid_height(block)})


def is_blockhash_valid(ledger: Ledger, given: list[Json]) -> Json:
    blockhash, block = params.blockhash(given[0]), params.config(given[1]).block(ledger)
    return with_context(block, ledger.valid(blockhash, block.height))


def get_minimum_balance_for_rent_exemption(ledger: Ledger, given: list[Json]) -> Json:
    size = params.unsigned(given[0])
    params.config(given[1])
    if size > _MOST_ACCOUNT_DATA:
        raise RpcError(INVALID_REQUEST, "Invalid request")
    return ledger.rent(size)


def get_fee_for_message(ledger: Ledger, given: list[Json]) -> Json:
    """Null for a message on a blockhash that the bank does not know (or no longer)."""
    try:
        message = wire.decode_message(params.from_base64(params.text(given[0])[: 2 * wire.PACKET_SIZE]))
        unsigned = [Signature.default()] * message.header.num_required_signatures
        transaction = wire.decode(bytes(VersionedTransaction.populate(message, unsigned)))
        block = params.config(given[1]).block(ledger)
        known = ledger.valid(bytes(message.recent_blockhash), block.height)
        return with_context(block, ledger.trial(transaction, block).fee if known else None)
    except ValueError as error:
        raise invalid_params(str(error)) from None


def get_recent_prioritization_fees(ledger: Ledger, given: list[Json]) -> Json:
    """For each of the last 150 blocks that has transactions the least price (micro-lamports per compute unit) at which
    one got in that wrote the accounts."""
    asked = [] if given[0] is None else params.texts(given[0], _MOST_FEE_ACCOUNTS)
    accounts = [params.pubkey(each) for each in asked]
    answer = []
    for block in ledger.blocks.latest(_FEE_BLOCKS):
        if not block.landed:
            continue
        prices = [wire.unit_price(wire.message_of(landed.transaction)) for landed in block.landed]
        least = min(prices)
        for account in accounts:
            writing = [
                price for landed, price in zip(block.landed, prices, strict=True) if account in landed.outcome.written
            ]
            least = max(least, min(writing, default=0))
        answer.append({"prioritizationFee": least, "slot": block.slot})
    return answer[::-1]


def at_least_confirmed(ledger: Ledger, config: params.Config) -> Block:
    if config.commitment() == "processed":
        raise invalid_params("Method does not support commitment below `confirmed`")
    return config.block(ledger)


def _block(ledger: Ledger, slot: int, newest: Block) -> Block:
    """The block of `slot`, if it is not above `newest`. Raises `RpcError`: -32001, -32004, -32007."""
    blocks = ledger.blocks
    if slot < blocks.oldest.slot:
        raise block_cleaned_up(slot, blocks.oldest.slot)
    found = blocks.find(slot) if slot <= newest.slot else None
    if found is not None:
        return found
    raise slot_skipped(slot) if slot <= blocks.at("finalized").slot else block_not_available(slot)


METHODS = {
    "getHealth": Method(get_health),
    "getVersion": Method(get_version),
    "getGenesisHash": Method(get_genesis_hash),
    "getIdentity": Method(get_identity),
    "getSlot": Method(get_slot, 0, 1),
    "getSlotLeader": Method(get_slot_leader, 0, 1),
    "getBlockHeight": Method(get_block_height, 0, 1),
    "getEpochInfo": Method(get_epoch_info, 0, 1),
    "getEpochSchedule": Method(get_epoch_schedule),
    "getTransactionCount": Method(get_transaction_count, 0, 1),
    "getFirstAvailableBlock": Method(get_first_available_block),
    "minimumLedgerSlot": Method(get_first_available_block),
    "getBlocks": Method(get_blocks, 1, 2),
    "getBlocksWithLimit": Method(get_blocks_with_limit, 2, 1),
    "getBlockTime": Method(get_block_time, 1),
    "getBlockCommitment": Method(get_block_commitment, 1),
    "getBlock": Method(get_block, 1, 1),
    "getLatestBlockhash": Method(get_latest_blockhash, 0, 1),
    "isBlockhashValid": Method(is_blockhash_valid, 1, 1),
    "getMinimumBalanceForRentExemption": Method(get_minimum_balance_for_rent_exemption, 1, 1),
    "getFeeForMessage": Method(get_fee_for_message, 1, 1),
    "getRecentPrioritizationFees": Method(get_recent_prioritization_fees, 0, 1),
}
