"""Packages that only some of duotone needs."""

from __future__ import annotations

import importlib
from typing import Any


def needs(module: str, what: str, install: str) -> Any:
    """Import a module, or say what needs it and how to install it.

    Parameters
    ----------
    module : str
        Name to import.
    what : str
        What of duotone needs it.
    install : str
        What to give to pip.

    Raises
    ------
    ModuleNotFoundError
        With the command that installs it. A package that is there but cannot be imported raises
        its own error.
    """
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as e:
        package = module.partition(".")[0]
        if e.name is None or e.name.partition(".")[0] != package:
            raise
        raise ModuleNotFoundError(
            f'{what} needs {package}: pip install "{install}"', name=package
        ) from e
