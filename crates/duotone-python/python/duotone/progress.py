"""Progress of long work.

Wherever duotone takes `progress`, it may be

- `None` or `False`: silence,
- `True`: bars by tqdm,
- any callable: it gets one dictionary per event, on the calling thread. Keys are `kind` and, by
  kind: `file` (`done`, `total`, `path`), `skipped_file` (`path`, `error`), `warning` (`text`),
  `run` (`name`, `done`, `total` epochs), `epoch` (`record` with `epoch`, `loss`, `accuracy`,
  `validation_loss`, `validation_accuracy`), `run_end`. An exception raised in it stops the work.

Each `warning` is also issued as a `DuotoneWarning`, with or without `progress`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from duotone.optional import needs

Progress = bool | None | Callable[[dict[str, Any]], object]


class Bar:
    """Shows events as tqdm bars: one over files, one over the epochs of each run."""

    def __init__(self) -> None:
        self._tqdm = needs("tqdm.auto", "progress=True", "duotone[progress]").tqdm
        self._bar: Any = None

    def __call__(self, event: dict[str, Any]) -> None:
        """Show one event."""
        kind = event["kind"]
        if kind == "file":
            if self._bar is None:
                self._bar = self._tqdm(total=event["total"], unit="file")
            self._bar.update(event["done"] - self._bar.n)
            if event["done"] == event["total"]:
                self._close()
        elif kind == "run":
            self._close()
            self._bar = self._tqdm(
                total=event["total"], initial=event["done"], desc=event["name"], unit="epoch"
            )
        elif kind == "epoch" and self._bar is not None:
            self._bar.set_postfix(loss=f"{event['record']['loss']:.3f}", refresh=False)
            self._bar.update(1)
        elif kind == "run_end":
            self._close()
        elif kind == "skipped_file":
            self._tqdm.write(f"skipped: {event['path']}: {event['error']}")

    def _close(self) -> None:
        if self._bar is not None:
            self._bar.close()
            self._bar = None


def callback(progress: Progress) -> Callable[[dict[str, Any]], object] | None:
    """What the native part calls."""
    if progress is None or progress is False:
        return None
    if progress is True:
        return Bar()
    if not callable(progress):
        raise TypeError(f"progress={progress!r}: it must be True, False, None or a callable")
    return progress
