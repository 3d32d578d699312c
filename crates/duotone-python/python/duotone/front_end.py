"""Computes log-mel spectrograms from audio."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Sequence
from typing import Any, overload

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, TransformerMixin

from duotone import _duotone, samples
from duotone.errors import AudioError, SettingsError, SkippedFile, warn
from duotone.options import OnError, flag, one_of, whole
from duotone.paths import audio_path_of, is_path, refuse_table
from duotone.progress import Progress, callback
from duotone.spectrogram import Spectrogram

__all__ = ["FrontEnd"]

# Of one recording: (n_samples,) or (n_channels, n_samples).
Samples = NDArray[np.floating[Any]] | NDArray[np.integer[Any]]


class FrontEnd(TransformerMixin, BaseEstimator):
    """Log-mel spectrograms.

    They are ``np.log10(np.maximum(1e-10, librosa.feature.melspectrogram(...)))``: a periodic Hann
    window as long as the Fourier transform, power spectrum, mel bands on Slaney's scale with unit
    area from 0 Hz to Nyquist. Files are decoded, mixed to mono and brought to `sample_rate`. The
    transformer is stateless: `fit` does nothing.

    Parameters
    ----------
    sample_rate : int, default=44100
        Rate in hertz to which all audio is resampled.
    window : int, default=None
        Samples in a frame; even. By default twice the paper's hop: 3072 at 44.1 kHz, in proportion
        at other rates.
    hop : int, default=None
        Samples from the start of one frame to the next. By default half a window.
    bands : int, default=40
        Mel bands.
    centered : bool, default=False
        Whether frame `i` is centred on sample `i * hop`, with zeros beyond the ends.
    segment_frames : int, default=80
        Number of frames in a segment; used only if `fill` is true.
    fill : bool, default=False
        If audio is shorter than a segment, repeat it to fill one, as classification does.
    on_error : {"raise", "none"}, default="raise"
        What to do if a file or array in a batch cannot be used: raise an `AudioError`, which for
        paths lists all of them, or issue a warning and return `None` in its place.
    n_jobs : int, default=None
        Threads for a batch; by default, one per core.
    progress : bool or callable, default=None
        See `duotone.progress`.
    n_fft, hop_length, n_mels, center : default=None
        librosa's names of `window`, `hop`, `bands` and `centered`.

    Examples
    --------
    >>> import numpy as np
    >>> from duotone import FrontEnd
    >>> noise = np.random.default_rng(0).normal(size=44100).astype(np.float32)
    >>> FrontEnd(44100).transform(noise, 44100).shape
    (40, 27)
    """

    def __init__(
        self,
        sample_rate: int = 44_100,
        *,
        window: int | None = None,
        hop: int | None = None,
        bands: int = 40,
        centered: bool = False,
        segment_frames: int = 80,
        fill: bool = False,
        on_error: OnError = "raise",
        n_jobs: int | None = None,
        progress: Progress = None,
        n_fft: int | None = None,
        hop_length: int | None = None,
        n_mels: int | None = None,
        center: bool | None = None,
    ):
        self.sample_rate = sample_rate
        self.window = window
        self.hop = hop
        self.bands = bands
        self.centered = centered
        self.segment_frames = segment_frames
        self.fill = fill
        self.on_error = on_error
        self.n_jobs = n_jobs
        self.progress = progress
        self.n_fft = n_fft
        self.hop_length = hop_length
        self.n_mels = n_mels
        self.center = center

    def fit(self, X: Any = None, y: Any = None) -> FrontEnd:
        """Do nothing but check the parameters."""
        self.spec()
        return self

    @overload
    def transform(
        self, X: str | os.PathLike[str] | Samples, sample_rate: int | None = None
    ) -> Spectrogram: ...
    @overload
    def transform(
        self, X: Iterable[Any], sample_rate: int | None = None
    ) -> list[Spectrogram | None]: ...
    def transform(
        self, X: Any, sample_rate: int | None = None
    ) -> Spectrogram | list[Spectrogram | None]:
        """Turn audio into log-mel spectrograms.

        Parameters
        ----------
        X : path, ndarray of shape (n_samples,) or (n_channels, n_samples), or sequence of these
            A file, samples, or a batch of either. Floating-point samples are nominally within
            −1..1; those of type int16, int32 and uint8 are scaled like PCM: full scale is 1. At
            most eight channels: soundfile and scipy return (n_samples, n_channels), which must be
            transposed, ``samples.T``. Paths of a batch are read in parallel without the
            interpreter's lock.
            Floating-point samples that reach far beyond 1 are used, and `notes` say so.
        sample_rate : int, default=None
            Rate of samples given as arrays, in hertz; that of the front end by default.

        Returns
        -------
        S : Spectrogram of shape (bands, n_frames), float32, or list of these
            log10 of mel power, at least −10: an ndarray with the attributes `front_end` and `notes`
            (about the recording).

        Raises
        ------
        AudioError
            If a file or array cannot be used; the message names it.
        SettingsError
            If a parameter is out of range, or samples have more than eight channels.
        TypeError
            If `X` is neither paths nor arrays of samples.
        """
        spec = self.spec()
        if is_path(X):
            values, notes = _duotone.spectrogram(audio_path_of(X), json.dumps(spec))
            return Spectrogram.of(values, spec, notes)
        array = samples.array_of(X)
        if array is not None and array.ndim in (1, 2):
            rate = spec["sample_rate"] if sample_rate is None else whole("sample_rate", sample_rate)
            mono = samples.mono(array)
            values, notes = _duotone.spectrogram_of_samples(mono, rate, json.dumps(spec))
            if samples.cancelled(array, mono):
                notes["warnings"].append(samples.CANCELLED)
            unscaled = samples.unscaled(array, mono)
            if unscaled is not None:
                notes["warnings"].append(unscaled)
            return Spectrogram.of(values, spec, notes)
        refuse_table(X)
        batch = samples.batch_of(X)
        if all(is_path(x) for x in batch):
            return self._files(batch, spec)
        return [self._member(number, x, sample_rate) for number, x in enumerate(batch)]

    def _member(self, number: int, x: Any, sample_rate: int | None) -> Spectrogram | None:
        """Transforms one member of a batch that does not consist of paths only."""
        try:
            return self.transform(x, sample_rate)
        except AudioError as e:
            # An array is named by its place in the batch.
            error = e if e.skipped_files else AudioError(f"clip {number}: {e}")
            if self.on_error == "raise":
                raise error from None
            warn(str(error))
            return None

    def _files(self, paths: Sequence[Any], spec: dict[str, Any]) -> list[Spectrogram | None]:
        paths = [audio_path_of(path) for path in paths]
        found = _duotone.spectrograms(paths, json.dumps(spec), self.n_jobs, callback(self.progress))
        skipped_files = [one for one in found if isinstance(one, SkippedFile)]
        if skipped_files and self.on_error == "raise":
            raise AudioError.of_files(skipped_files)
        if skipped_files:
            warn(str(AudioError.of_files(skipped_files)))
        return [
            None if isinstance(one, SkippedFile) else Spectrogram.of(one[0], spec, one[1])
            for one in found
        ]

    def spec(self) -> dict[str, Any]:
        """All numbers that decide the outcome, as the model file names them."""
        one_of("on_error", self.on_error, OnError)
        spec = _duotone.front_end(whole("sample_rate", self.sample_rate))
        window = self._either("window", "n_fft", None)
        hop = self._either("hop", "hop_length", None)
        if hop is not None:
            hop = whole("hop", hop)
            spec.update(hop=hop, window=2 * hop)
        if window is not None:
            spec["window"] = whole("window", window)
            if hop is None:
                spec["hop"] = spec["window"] // 2
        spec["bands"] = whole("bands", self._either("bands", "n_mels", 40))
        spec["centered"] = flag("centered", self._either("centered", "center", False))
        # One frame needs no filling.
        spec["segment_frames"] = whole("segment_frames", self.segment_frames) if self.fill else 1
        return spec

    def _either(self, name: str, alias: str, default: Any) -> Any:
        """A parameter, or librosa's name of it."""
        value, other = getattr(self, name), getattr(self, alias)
        if other is None:
            return value
        if value not in (default, other):
            raise SettingsError(f"{name}={value!r} and {alias}={other!r} contradict each other")
        return other

    @classmethod
    def from_spec(cls, spec: dict[str, Any], **parameters: Any) -> FrontEnd:
        """The front end of a model file."""
        return cls(**spec, **parameters)

    def __sklearn_is_fitted__(self) -> bool:
        return True

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.requires_fit = False
        tags.input_tags.two_d_array = False
        tags.input_tags.string = True
        return tags


def segments(spectrogram: np.ndarray, frames: int, hops: int) -> np.ndarray:
    """Cut a spectrogram (bands, n) into consecutive segments (count, bands, frames)."""
    starts: Iterable[int] = range(0, spectrogram.shape[1] - frames + 1, hops)
    return np.stack([spectrogram[:, start : start + frames] for start in starts])
