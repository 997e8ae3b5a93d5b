"""The events of a transaction as the shipped tool prints them."""

import base64
import io
import json
from typing import Any

import pytest

from chains.errors import ChainError
from chains.solana import show_events
from chains.solana.devnet import PROGRAM
from chains.solana.transactions import Key
from tests.chains.solana.stage import PATIENT, our_stage
from tests.chains.statements import seed

WALLET = Key(seed("wallet")).address


async def test_a_mint_with_its_statement_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    async with our_stage() as s, s.holder() as user:
        receipt = await s.going_on(user.mint(s.deployment, WALLET, 1_000, await s.statement(5, 1_000)))
        failed = await s.going_on(user.mint(s.deployment, WALLET, 1, None))
        log = await show_events.logged(s.chain, s.node.url, receipt.transaction, PATIENT)
        with pytest.raises(ChainError, match="failed, so that it has no events"):
            await show_events.logged(s.chain, s.node.url, failed.transaction, PATIENT)
        with pytest.raises(ChainError, match="no signature"):
            await show_events.logged(s.chain, s.node.url, "nonsense", PATIENT)
    told = _printed(capsys, "\n".join(f"  {line}" for line in log))
    assert [one["event"] for one in told] == ["StatementAccepted", "Minted"]
    assert (told[0]["round"], told[0]["cap"]) == ("5", "1000")
    assert (told[1]["amount"], told[1]["minter"]) == ("1000", user.address)


def test_what_is_no_event_of_the_program_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    unknown = base64.b64encode(b"\xff").decode("ascii")
    log = f"Program {PROGRAM} invoke [1]\nProgram data: {unknown}\nProgram {PROGRAM} success\n"
    assert _run(log) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert err == "no event of the program: event 255 is not known\n"


def test_an_address_and_half_a_question_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert show_events.main(["--program", "0OIl"]) == 1
    with pytest.raises(SystemExit):
        show_events.main(["--program", PROGRAM, "--url", "http://127.0.0.1:1"])
    assert "belong together" in capsys.readouterr().err


def _run(log: str) -> int:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sys.stdin", io.StringIO(log))
        return show_events.main(["--program", PROGRAM])


def _printed(capsys: pytest.CaptureFixture[str], log: str) -> list[dict[str, Any]]:
    assert _run(log) == 0
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]
