"""Notes about recordings, beside their features or the decisions on them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from duotone.errors import warn

DOUBTFUL = frozenset(("decode_errors", "warnings"))
"""Notes that mean that something is wrong with a recording, whatever it is used for."""
NAMED = 3
"""Files that a warning names."""


def warn_of(names: Iterable[str], notes: Iterable[Mapping[str, Any]], kinds: Iterable[str]) -> None:
    """Warn about the notes on some recordings, once for those with the same note.

    Parameters
    ----------
    names : iterable of str
        Their names in the warning.
    notes : iterable of mappings
        For each, `silent`, `repeated`, `decode_errors` and `warnings`, or a decision with them.
    kinds : iterable of str
        The keys to look at.
    """
    of_words: dict[str, list[str]] = {}
    for name, one in zip(names, notes, strict=True):
        for words in _words(one, kinds):
            of_words.setdefault(words, []).append(name)
    for words in sorted(of_words):
        warn(f"{_listed(of_words[words])}: {words}")


def _words(notes: Mapping[str, Any], kinds: Iterable[str]) -> Iterable[str]:
    for kind in sorted(kinds):
        found = notes.get(kind)
        if isinstance(found, list):
            yield from found
        elif found:
            yield kind if found is True else found


def _listed(names: list[str]) -> str:
    if len(names) == 1:
        return names[0]
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return f"{len(names)} clips ({', '.join(names[:NAMED])}{more})"
