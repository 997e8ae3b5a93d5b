"""Builds frozen sections out of plain TOML values and keeps going after an error, so that a file's errors come all at
once.

Pydantic checks each setting; what it cannot do is to go on to the checks *between* settings while some setting is
wrong. So a table is built setting by setting. Where all are right, the section is made by pydantic's constructor; where
some are wrong, a partial section takes its place, from which every right setting can be read, while reading a wrong one
raises `Absent`. A check that meets an `Absent` is skipped: the reason stands in the findings already.
"""

import copy
import types
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar, Union, cast, get_args, get_origin

from annotated_types import MinLen
from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from relayer.config.errors import Finding, Where, path, unknown_key
from relayer.config.secret import anchored


class Absent(AttributeError):
    """A setting of a partial section that is missing or wrong; a finding about it exists."""


@dataclass(slots=True)
class Report:
    """Collects findings while a file is built. `base` is the folder that relative paths in the file start from."""

    base: Path
    findings: list[Finding] = field(default_factory=list)

    def add(self, where: Where, message: str) -> None:
        self.findings.append(Finding(path(where), message))


class Section(BaseModel):
    """A table of a configuration file."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, hide_input_in_errors=True)

    @classmethod
    def gather(cls, raw: Mapping[str, Any]) -> Mapping[str, Any]:
        """Moves keys before the settings are read; a hook for sections that are not laid out as in the file."""
        return raw

    @classmethod
    def refine(cls, values: dict[str, Any], where: Where, report: Report) -> None:
        """Makes `values` canonical in place, and deletes what it finds wrong after reporting it; a hook."""

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            if name in type(self).model_fields:
                raise Absent(name)
            return super().__getattr__(name)


class NoOptions(BaseModel):
    """Stands for an absent `options` table until the family's model takes its place."""


@dataclass(frozen=True, slots=True)
class Deferred:
    """Marks a setting whose type only the section's own `refine` knows: any table is let through to it."""


S = TypeVar("S", bound=Section)
_MISSING: Any = object()


def build(model: type[S], raw: object, where: Where, report: Report) -> S | None:
    """A section, complete or partial; None where there is not even a table. All errors go to `report`."""
    if not isinstance(raw, dict):
        report.add(where, f"must be a table, not {kind(raw)}")
        return None
    before = len(report.findings)
    table = model.gather(raw)
    for key in table:
        if key not in model.model_fields:
            report.add((*where, key), unknown_key(key, model.model_fields))
    values: dict[str, Any] = {}
    for name, info in model.model_fields.items():
        value = _MISSING
        if name in table:
            value = _setting(info, table[name], (*where, name), report)
        elif info.is_required():
            report.add((*where, name), "missing, and it has no default")
        else:
            value = info.get_default(call_default_factory=True)
        if value is not _MISSING:
            values[name] = value
    model.refine(values, where, report)
    if len(report.findings) > before:
        return cast(S, model.model_construct(set(values), **values))
    try:
        return model(**values)
    except ValidationError as error:
        report_invalid(error.errors(include_url=False), values, model, where, report)
        return cast(S, model.model_construct(set(values), **values))


def _setting(info: FieldInfo, raw: Any, where: Where, report: Report) -> Any:
    """The value of one setting, or `_MISSING` after reporting why there is none."""
    section, container = nested(info.annotation)
    if section is None:
        return _leaf(info, raw, where, report)
    if container is None:
        built = build(section, raw, where, report)
        return _MISSING if built is None else built
    least = any(isinstance(mark, MinLen) for mark in info.metadata)
    if container is tuple:
        if not isinstance(raw, list):
            report.add(where, f"must be a list of tables, not {kind(raw)}")
            return _MISSING
        if not raw and least:
            report.add(where, "must not be empty")
        rows = [build(section, row, (*where, index), report) for index, row in enumerate(raw)]
        return tuple(row if row is not None else section.model_construct(set()) for row in rows)
    if not isinstance(raw, dict):
        report.add(where, f"must be a table of tables, not {kind(raw)}")
        return _MISSING
    if not raw and least:
        report.add(where, "must not be empty")
    tables = {key: build(section, table, (*where, key), report) for key, table in raw.items()}
    return {key: table if table is not None else section.model_construct(set()) for key, table in tables.items()}


def _leaf(info: FieldInfo, raw: Any, where: Where, report: Report) -> Any:
    if any(isinstance(mark, Deferred) for mark in info.metadata):
        if isinstance(raw, dict):
            return raw
        report.add(where, f"must be a table, not {kind(raw)}")
        return _MISSING
    marks = tuple(info.metadata)
    annotation: Any = info.annotation
    adapter: TypeAdapter[Any] = TypeAdapter(
        Annotated[(annotation, *marks)] if marks else annotation,
        config=ConfigDict(strict=True, hide_input_in_errors=True),
    )
    try:
        return anchored(adapter.validate_python(raw), report.base)
    except ValidationError as error:
        report_invalid(error.errors(include_url=False), raw, None, where, report)
        return _MISSING


def nested(annotation: Any) -> tuple[type[Section] | None, type | None]:
    """The section inside an annotation and what holds it: a tuple, a dict or nothing."""
    origin = get_origin(annotation)
    if origin in (Union, types.UnionType):
        inner = [arg for arg in get_args(annotation) if arg is not type(None)]
        return nested(inner[0]) if len(inner) == 1 else (None, None)
    if origin is tuple or origin is dict:
        section, _ = nested(get_args(annotation)[0 if origin is tuple else 1])
        return section, origin
    if isinstance(annotation, type) and issubclass(annotation, Section):
        return annotation, None
    return None, None


def options(
    model: type[BaseModel], raw: Mapping[str, Any], where: Where, report: Report, beside: tuple[str, ...] = ()
) -> BaseModel | None:
    """A family's options, validated by its own model; unknown keys are errors whatever that model says. `beside` names
    the settings that stand in the same table and are not the family's."""
    try:
        return model.model_validate(dict(raw), extra="forbid")
    except ValidationError as error:
        first = error
    unknown, known = _split_unknown(first, raw)
    report_invalid(unknown, raw, model, where, report, beside)
    try:
        # Once more without the unknown keys: while there are any, pydantic skips the checks between settings.
        model.model_validate(known, extra="forbid")
    except ValidationError as error:
        report_invalid(error.errors(include_url=False), known, model, where, report, beside)
    return None


def _split_unknown(error: ValidationError, raw: Mapping[str, Any]) -> tuple[list[ErrorDetails], dict[str, Any]]:
    """The errors about unknown keys, and a copy of `raw` without those keys."""
    unknown = [details for details in error.errors(include_url=False) if details["type"] == "extra_forbidden"]
    known = copy.deepcopy(dict(raw))
    for details in unknown:
        steps = list(_steps(details["loc"], raw))
        here: Any = known
        for step in steps[:-1]:
            here = here[step]
        if steps[-1:] == [details["loc"][-1]]:
            here.pop(steps[-1], None)
    return unknown, known


def report_invalid(
    errors: Iterable[ErrorDetails],
    raw: Any,
    model: type[BaseModel] | None,
    where: Where,
    report: Report,
    beside: tuple[str, ...] = (),
) -> None:
    """Each of pydantic's errors as a finding. Input is quoted only where it is a number: texts may be secrets."""
    for details in errors:
        steps = tuple(_steps(details["loc"], raw))
        owner = _model_at(model, steps[:-1] if details["type"] == "extra_forbidden" else steps)
        known = (*(owner.model_fields if owner else ()), *(beside if len(steps) == 1 else ()))
        message = _message(details, known, steps)
        # A check between settings names the one to change in front of its sentence: then that one is the path.
        setting, colon, sentence = message.partition(": ")
        if colon and details["type"] == "value_error" and setting in known:
            steps, message = (*steps, setting), sentence
        report.add((*where, *steps), message)


def _steps(loc: tuple[int | str, ...], raw: Any) -> Iterator[str | int]:
    """The part of pydantic's location that exists in the file: it also names unions and validators."""
    here = raw
    for position, step in enumerate(loc):
        last = position == len(loc) - 1
        if isinstance(here, Mapping) and isinstance(step, str) and (step in here or last):
            yield step
            here = here.get(step)
        elif isinstance(here, list | tuple) and isinstance(step, int) and step < len(here):
            yield step
            here = here[step]


def _message(details: ErrorDetails, known: Iterable[str], steps: Where) -> str:
    if details["type"] == "extra_forbidden":
        return unknown_key(str(steps[-1]), known)
    if details["type"] == "missing":
        return "missing, and it has no default"
    context = details.get("ctx", {})
    if details["type"] == "value_error" and "error" in context:
        return str(context["error"])
    text = details["msg"].removeprefix("Input ").removeprefix("Value ")
    given = details["input"]
    if isinstance(given, bool | int | float) and not details["type"].startswith("string"):
        return f"{text}, not {str(given).lower() if isinstance(given, bool) else given}"
    return f"{text[:1].lower()}{text[1:]}"


def _model_at(model: Any, steps: Where) -> type[BaseModel] | None:
    """The model that stands at `steps` below `model`, for naming its keys."""
    here: Any = model
    for step in steps:
        if isinstance(step, str) and isinstance(here, type) and issubclass(here, BaseModel):
            info = here.model_fields.get(step)
            here = info.annotation if info else None
        else:
            here = _inner(here)
    while here is not None and not (isinstance(here, type) and issubclass(here, BaseModel)):
        here = _inner(here)
    return here


def _inner(annotation: Any) -> Any:
    """One step into a container or an optional; None where it is neither."""
    args = [arg for arg in get_args(annotation) if arg is not type(None) and arg is not Ellipsis]
    return args[-1] if args else None


_KINDS: Mapping[type, str] = {
    bool: "true or false", int: "an integer", float: "a fraction", str: "a text", list: "a list", dict: "a table"
}  # fmt: skip


def kind(raw: object) -> str:
    """What a TOML value is, in a reader's words."""
    return _KINDS.get(type(raw), "a date or time")
