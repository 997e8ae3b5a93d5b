"""The story's last step: a round leaves the devnet, and is checked with nothing but files."""

import json

from relayer.demo.show import Step
from relayer.demo.stage import Failed, Stage, expect
from relayer.devnet import command


async def verify(stage: Stage, step: Step) -> None:
    file = stage.state.directory / "round.json"
    member = stage.state.members[-1]
    (told,) = await command.run("rounds", "export", "--url", member.url, "--out", str(file))
    step.tell(f"round {told['round']} exported from {member.name}: {told['parts']} parts", round=told["round"])
    committee, group = str(stage.state.committee), f"@{stage.state.group}"
    (found,) = await command.run("verify", str(file), "--committee", committee, "--group-key", group, failing=True)
    wrong = [check["name"] for check in found["checks"] if not check["ok"]]
    expect(found["ok"], f"the round does not hold: {', '.join(wrong)}")
    step.tell(f"it holds: {len(found['checks'])} checks, nothing but the file, committee.toml and the group key")
    forged = stage.state.directory / "round-forged.json"
    forged.write_text(_forged(file.read_text(encoding="utf-8")), encoding="utf-8")
    (told,) = await command.run("verify", str(forged), "--committee", committee, "--group-key", group, failing=True)
    expect(not told.get("ok", False), "a forged round holds")
    step.tell("with one digit altered it does not hold")


def _forged(text: str) -> str:
    """The exported round with one hex digit of its longest text altered."""
    longest = max(_texts(json.loads(text)), key=len, default="")
    if not longest:
        raise Failed("the exported round holds no text")
    middle = len(longest) // 2
    digit = "1" if longest[middle] != "1" else "2"
    return text.replace(longest, longest[:middle] + digit + longest[middle + 1 :])


def _texts(value: object) -> list[str]:
    if isinstance(value, dict):
        return [text for item in value.values() for text in _texts(item)]
    if isinstance(value, list):
        return [text for item in value for text in _texts(item)]
    return [value] if isinstance(value, str) else []
