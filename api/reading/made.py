"""Objects that were made and not read, in the shape that the document asked for."""

from collections.abc import Mapping, Sequence
from typing import Any

from graphql.execution.collect_fields import FieldDetails

from api.reading.selection import Collector

Object = Mapping[str, Any]
"""Values by field name. What a field of an object type holds is an object itself, or a list of them."""


def completed(collector: Collector, kind: str, fields: list[FieldDetails], made: Object | Sequence[Object]) -> Any:
    """Return what `fields` ask of `made`, an object of type `kind` or a list of them."""
    asked = [
        (key, inner[0].node.name.value, inner if inner[0].node.selection_set is not None else None)
        for key, inner in collector.subfields(kind, fields).items()
    ]
    objects = [made] if isinstance(made, Mapping) else made
    found: list[dict[str, Any]] = [{} for _ in objects]
    for key, name, inner in asked:
        if name == "__typename":
            values: list[Any] = [kind] * len(objects)
        elif inner is None:
            values = [one[name] for one in objects]
        else:
            values = [completed(collector, collector.kind_of(kind, name), inner, one[name]) for one in objects]
        for one, value in zip(found, values, strict=True):
            one[key] = value
    return found[0] if isinstance(made, Mapping) else found
