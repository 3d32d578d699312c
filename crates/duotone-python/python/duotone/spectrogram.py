"""Spectrograms that state what made them."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np

from duotone import _duotone
from duotone.errors import SettingsError

if TYPE_CHECKING:
    from duotone.front_end import FrontEnd

__all__ = ["Spectrogram"]

# What decides the numbers; the length of segments does not.
_DECIDING = ("sample_rate", "window", "hop", "bands", "centered")


class Spectrogram(np.ndarray):
    """A log-mel spectrogram (bands, n_frames) or several of one length (n, bands, n_frames).

    An array like any other that also states the front end that made it. Copies, slices over time,
    sums and products with other arrays, `numpy.stack` and pickles keep it; arrays of other bands
    or of frames picked one by one are plain arrays, since no front end makes them.

    Attributes
    ----------
    notes : dict or None
        Notes about the recording: `silent` (nothing can be learnt from it), `repeated`,
        `decode_errors` if there are any, and `warnings`, a list of sentences. Copies, slices and
        pickles keep it; it is `None` where the values were computed or put together.
    """

    _spec: dict[str, Any] | None
    notes: dict[str, Any] | None

    @classmethod
    def of(
        cls, values: np.ndarray, spec: dict[str, Any], notes: dict[str, Any] | None = None
    ) -> Spectrogram:
        """A view of an array, with the front end that made it and notes of the recording."""
        spectrogram = values.view(cls)
        spectrogram._spec = spec
        spectrogram.notes = notes
        return spectrogram

    @property
    def front_end(self) -> FrontEnd | None:
        """What made it; `None` for an array of other bands."""
        from duotone.front_end import FrontEnd

        spec = spec_of(self)
        return None if spec is None else FrontEnd.from_spec(spec)

    def __array_finalize__(self, source: Any) -> None:
        spec = getattr(source, "_spec", None)
        self._spec = spec if _has_bands(self, spec) else None
        self.notes = getattr(source, "notes", None)

    def __array_wrap__(self, array: np.ndarray, context: Any = None, scalar: bool = False) -> Any:
        if self._spec is not None and _has_bands(array, self._spec):
            return Spectrogram.of(array, self._spec)
        plain = np.asarray(array)
        return plain[()] if plain.ndim == 0 else plain

    def __array_function__(self, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
        result = super().__array_function__(function, types, args, kwargs)
        if function in (np.stack, np.concatenate) and isinstance(result, np.ndarray):
            spec = common(args[0])
            if spec is None or not _has_bands(result, spec):
                return np.asarray(result)
            return Spectrogram.of(result, spec)
        return result

    def __getitem__(self, key: Any) -> Any:
        part = super().__getitem__(key)
        if isinstance(part, Spectrogram) and not _keeps_frames(key, self.ndim):
            return np.asarray(part)
        return part

    def __reduce__(self) -> Any:
        reduced: Any = super().__reduce__()
        make, arguments, state = reduced
        return make, arguments, (state, self._spec, self.notes)

    def __setstate__(self, state: Any) -> None:
        super().__setstate__(state[0])
        self._spec, self.notes = state[1:]


def _has_bands(array: np.ndarray, spec: dict[str, Any] | None) -> bool:
    return spec is not None and array.ndim >= 2 and array.shape[-2] == spec["bands"]


def spec_of(array: Any) -> dict[str, Any] | None:
    """The front end that an array states, if any."""
    # A transpose gets its shape only after it has taken over what the array states.
    spec = getattr(array, "_spec", None)
    return spec if _has_bands(array, spec) else None


def clip_of(array: Any, front_end: str) -> _duotone.Clip:
    """The clip of a spectrogram, for the native part, with the notes that it carries.

    Raises
    ------
    SettingsError
        For an array of another shape, such as samples.
    """
    if np.ndim(array) != 2:
        raise SettingsError(
            f"an array of shape {np.shape(array)} is not a spectrogram (bands, n_frames): "
            "FrontEnd.transform(samples, sample_rate) makes one of samples"
        )
    notes = getattr(array, "notes", None)
    values = np.ascontiguousarray(array, dtype=np.float32)
    told = None if notes is None else json.dumps(notes)
    return _duotone.Clip.from_spectrogram(values, front_end, told)


def _keeps_frames(key: Any, axes: int) -> bool:
    """Whether an index leaves all bands and takes neighbouring frames in their order."""
    keys = list(key) if isinstance(key, tuple) else [key]
    if any(k is None or np.ndim(k) > 1 for k in keys if k is not Ellipsis):
        return False
    for place, k in enumerate(keys):
        if k is Ellipsis:
            keys[place : place + 1] = [slice(None)] * (axes - len(keys) + 1)
            break
    keys += [slice(None)] * (axes - len(keys))
    bands, frames = keys[-2:]
    if not isinstance(bands, slice) or not isinstance(frames, slice):
        return False
    return bands == slice(None) and frames.step in (None, 1)


def common(arrays: Iterable[Any]) -> dict[str, Any] | None:
    """The front end of several spectrograms; `None` where some do not state one or they differ."""
    first = None
    for array in arrays:
        spec = spec_of(array)
        if spec is None or (first is not None and differences(spec, first)):
            return None
        first = first or spec
    return first


def differences(one: dict[str, Any], other: dict[str, Any]) -> list[str]:
    """The numbers in which two front ends differ."""
    return [name for name in _DECIDING if one[name] != other[name]]


def check_made_by(array: Any, spec: dict[str, Any]) -> None:
    """Refuse a spectrogram that states another front end than the one needed.

    Raises
    ------
    SettingsError
        That names what differs. An array that states none is taken as it is.
    """
    made_by = spec_of(array)
    if made_by is None:
        return
    wrong = differences(made_by, spec)
    if wrong:
        made = ", ".join(f"{name} {made_by[name]}" for name in wrong)
        needed = ", ".join(f"{name} {spec[name]}" for name in wrong)
        raise SettingsError(f"a spectrogram was made with {made}: {needed} is needed")
