"""How long the proof checks of the Cosmos family take: `python -m tests.bench cosmos_proofs`.

`ics23.verify_ms`: one bank balance, proven by the multistore that the Cosmos SDK made (tests/chains/cosmos/data), from
the bytes of its proof to the amount. `commit.verify_ms`: a light block of 150 validators, all of whom signed, from its
bytes to the belief in it by the block before: decoding, both hashes, signatures until more than two thirds of the power
has signed. Medians. There is nothing beside them to compare with.
"""

import json
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from chains.cosmos import light, multistore, stores
from chains.cosmos.light import LightBlock
from tests.chains.cosmos.blocks import OPTIONS, SECOND, START, chain

VALIDATORS = 150
RUNS = 30
RECORDED = Path(__file__).parents[1] / "chains" / "cosmos" / "data" / "multistore.json"


def figures() -> list[dict[str, Any]]:
    """One item {name, value, unit, peer, ratio} per figure."""
    return [_figure("ics23.verify_ms", _balance()), _figure("commit.verify_ms", _block())]


def _balance() -> Callable[[], object]:
    recorded = json.loads(RECORDED.read_text(encoding="utf-8"))
    vector = recorded["vectors"][0]
    app_hash, key = bytes.fromhex(recorded["app_hash"]), bytes.fromhex(vector["key"])
    encoded = multistore.encode(multistore.parse({"ops": vector["ops"]}))

    def check() -> int:
        value = multistore.prove(multistore.decode(encoded), app_hash, vector["store"], key)
        assert value is not None
        return stores.amount(value, "stake")

    return check


def _block() -> Callable[[], object]:
    powers = {f"validator {i}": 1_000 - i for i in range(VALIDATORS)}
    blocks = chain([powers, powers])
    trusted = light.anchor(blocks[1], 1, blocks[1].header.hash, OPTIONS)
    encoded = blocks[2].encode()
    return lambda: light.verify(trusted, LightBlock.decode(encoded), START + 60 * SECOND, OPTIONS)


def _figure(name: str, check: Callable[[], object]) -> dict[str, Any]:
    taken = list[float]()
    for _ in range(RUNS):
        begun = time.perf_counter()
        check()
        taken.append((time.perf_counter() - begun) * 1_000)
    return {"name": name, "value": round(statistics.median(taken), 3), "unit": "ms", "peer": None, "ratio": None}


if __name__ == "__main__":
    for item in figures():
        print(json.dumps(item))
