"""What the memo programs were given, as getSignaturesForAddress tells it: the length in brackets and the text."""

from solders.message import Message, MessageV0
from solders.pubkey import Pubkey

_PROGRAMS = (
    Pubkey.from_string("Memo1UhkJRfHyvLMcVucJwxXeuD728EqVDDwQDxFMNo"),
    Pubkey.from_string("MemoSq4gqABAXKb96qnH8TysNcWxMyWCqXgDLGmfcHr"),
)


def memo(message: Message | MessageV0) -> str | None:
    """All memos of the message, None if it has none."""
    found = [
        bytes(instruction.data)
        for instruction in message.instructions
        if message.account_keys[instruction.program_id_index] in _PROGRAMS
    ]
    return "; ".join(f"[{len(data)}] {data.decode(errors='replace')}" for data in found) or None
