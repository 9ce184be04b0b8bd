"""What of today's schema a folder of policy files speaks of: one from before a type came to be says nothing of it."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from authz.lines import decode, lines
from authz.loading import Catalogue, file_of


def fitted(folder: Path, catalogue: Catalogue) -> dict[str, dict[str, str]]:
    """Return the part of the catalogue that the folder speaks of: types with a file, in them categories with a line.

    Loading is strict: it refuses a folder without a file for each type and a line for each category. An older policy is
    compared by this part; what it leaves out was read by nobody. Whatever is wrong otherwise, loading will say.
    """
    found: dict[str, dict[str, str]] = {}
    for type_name, fields in catalogue.items():
        path = folder / file_of(type_name)
        if path.exists():
            spoken = _categories(path, type_name, fields)
            kept = {name: category for name, category in fields.items() if category in spoken}
            found[type_name] = kept or dict(fields)
    return found


def left_out(part: Catalogue, catalogue: Catalogue) -> Iterator[str]:
    """Yield what of the catalogue is not in the part of it: types, and `Type#CATEGORY`."""
    for type_name, fields in catalogue.items():
        if type_name not in part:
            yield type_name
            continue
        gone = dict.fromkeys(category for name, category in fields.items() if name not in part[type_name])
        yield from (f"{type_name}#{category}" for category in gone)


def _categories(path: Path, type_name: str, fields: Mapping[str, str]) -> set[str]:
    """Return the categories that some line of the file speaks of, by name or through one of their fields."""
    try:
        text = decode(path.name, path.read_bytes(), [])
    except OSError:
        return set()
    objects = {line.values[2] for line in lines(path.name, text) if line.kind == "p" and len(line.values) > 2}
    return {
        category
        for name, category in fields.items()
        if f"{type_name}#{category}" in objects or f"{type_name}.{name}" in objects
    }
