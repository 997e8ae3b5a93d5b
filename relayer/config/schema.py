"""Generates what is published about the settings: two JSON schemas and docs/configuration.md.

The families' parts come from the installed entry points. `python -m relayer.config.schema` writes the files,
`--check` says which are out of date (exit code 1).
"""

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

from annotated_types import MinLen
from pydantic import BaseModel, TypeAdapter
from pydantic.fields import FieldInfo

from chains.registry import family, installed
from relayer.config.committee import Chain, Committee, Deployment, Position
from relayer.config.member import Member, MemberChain
from relayer.config.sections import Deferred, Section, nested
from relayer.config.table import document

Schema = dict[str, Any]

_ROOT = Path(__file__).resolve().parents[2]

_OPTIONS = {Position: ("account", "position_options"), Deployment: ("gate", "deployment_options")}
_CHAINS = {Chain: "chain_options", MemberChain: "member_options"}


def committee_schema() -> Schema:
    """The JSON schema (2020-12) of committee.toml, read as JSON."""
    return _document(Committee, "committee.toml of Ballast: what all members of a committee share")


def member_schema() -> Schema:
    """The JSON schema (2020-12) of member.toml, read as JSON."""
    return _document(Member, "member.toml of Ballast: what one member keeps to itself")


def files() -> dict[str, str]:
    """Every generated file: its path from the root of the project, and its text."""
    committee, member = committee_schema(), member_schema()
    return {
        "configs/committee.schema.json": json.dumps(committee, indent=2) + "\n",
        "configs/member.schema.json": json.dumps(member, indent=2) + "\n",
        "docs/configuration.md": document({"committee.toml": committee, "member.toml": member}),
    }


def _document(model: type[Section], title: str) -> Schema:
    definitions: dict[str, Schema] = {}
    body = _section(model, definitions)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": title,
        **body,
        "$defs": dict(sorted(definitions.items())),
    }


def _section(model: type[Section], definitions: dict[str, Schema]) -> Schema:
    properties: dict[str, Schema] = {}
    required: list[str] = []
    for name, info in model.model_fields.items():
        properties[name] = _setting(info, definitions)
        if info.is_required():
            required.append(name)
    schema: Schema = {"type": "object", "properties": properties, "additionalProperties": False}
    if required:
        schema["required"] = required
    if model in _OPTIONS:
        # Which options there are depends on the chain's family, which the account names.
        account, which = _OPTIONS[model]
        schema["allOf"] = [
            {
                "if": {"properties": {account: {"pattern": f"^{namespace}:"}}, "required": [account]},
                "then": _options_of(namespace, which, definitions),
            }
            for namespace in installed()
        ]
    return schema


def _options_of(namespace: str, which: str, definitions: dict[str, Schema]) -> Schema:
    model: type[BaseModel] = getattr(family(namespace), which)
    schema: Schema = {"properties": {"options": _family(namespace, model, definitions)}}
    if any(info.is_required() for info in model.model_fields.values()):
        schema["required"] = ["options"]
    return schema


def _setting(info: FieldInfo, definitions: dict[str, Schema]) -> Schema:
    section, container = nested(info.annotation)
    if any(isinstance(mark, Deferred) for mark in info.metadata):
        schema: Schema = {"type": "object"}
    elif section is None:
        schema = _leaf(info)
    elif container is dict:
        by_family = _by_family(section, definitions)
        schema = {"type": "object", "patternProperties": by_family, "additionalProperties": False, "minProperties": 1}
    else:
        definitions[section.__name__] = _section(section, definitions)
        reference: Schema = {"$ref": f"#/$defs/{section.__name__}"}
        schema = {"type": "array", "items": reference} if container is tuple else reference
        if any(isinstance(mark, MinLen) for mark in info.metadata):
            schema["minItems"] = 1
    schema = {**schema, **({"description": info.description} if info.description else {})}
    if isinstance(info.json_schema_extra, dict):
        schema |= info.json_schema_extra
    if not info.is_required() and section is None and "options" not in schema:
        default = info.get_default(call_default_factory=True)
        if default is None or isinstance(default, bool | int | str | tuple):
            schema["default"] = list(default) if isinstance(default, tuple) else default
    return schema


def _leaf(info: FieldInfo) -> Schema:
    annotation: Any = info.annotation
    typed: Any = Annotated[(annotation, *info.metadata)] if info.metadata else annotation
    schema = TypeAdapter(typed).json_schema()
    return {key: value for key, value in schema.items() if key not in ("title", "writeOnly")}


def _by_family(section: type[Section], definitions: dict[str, Schema]) -> Schema:
    """A table of chains: what stands in each depends on the namespace of its CAIP-2 id."""
    schemas: Schema = {}
    for namespace in installed():
        name = f"{namespace}.{section.__name__}"
        own = {key: info for key, info in section.model_fields.items() if key != "options"}
        part = _definition(namespace, getattr(family(namespace), _CHAINS[section]), definitions)
        common = {key: _setting(info, definitions) for key, info in own.items()}
        part["properties"] = {**common, **{k: v for k, v in part.get("properties", {}).items() if k not in common}}
        required = [*(key for key, info in own.items() if info.is_required()), *part.get("required", ())]
        part["required"] = list(dict.fromkeys(required))
        definitions[name] = part
        schemas[f"^{namespace}:[-_a-zA-Z0-9]{{1,32}}$"] = {"$ref": f"#/$defs/{name}"}
    return schemas


def _family(namespace: str, model: type[BaseModel], definitions: dict[str, Schema]) -> Schema:
    name = f"{namespace}.{model.__name__}"
    definitions[name] = _definition(namespace, model, definitions)
    return {"$ref": f"#/$defs/{name}"}


def _definition(namespace: str, model: type[BaseModel], definitions: dict[str, Schema]) -> Schema:
    """A family's own model. Its nested models become definitions under the namespace."""
    schema = model.model_json_schema(ref_template=f"#/$defs/{namespace}.{{model}}")
    for name, inner in schema.pop("$defs", {}).items():
        definitions[f"{namespace}.{name}"] = _plain(inner)
    return {**_plain(schema), "additionalProperties": False}


def _plain(schema: Any) -> Any:
    """Without the titles that pydantic makes up out of names, and the marks of secrets."""
    if isinstance(schema, list):
        return [_plain(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    dropped = ("title", "writeOnly") if "type" in schema or "anyOf" in schema or "$ref" in schema else ()
    if schema.get("format") == "password":
        dropped = (*dropped, "format")
    kept = {key: value for key, value in schema.items() if key not in dropped}
    return {key: value if key == "default" else _plain(value) for key, value in kept.items()}


def main(arguments: Sequence[str]) -> int:
    stale = []
    for name, text in files().items():
        file = _ROOT / name
        if arguments == ["--check"]:
            if not file.is_file() or file.read_text("utf-8") != text:
                stale.append(name)
        else:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, "utf-8")
    for name in stale:
        sys.stderr.write(f"{name} is out of date: run python -m relayer.config.schema\n")
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
