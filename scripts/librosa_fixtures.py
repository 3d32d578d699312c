#!/usr/bin/env python3
"""Writes reference values for the tests of the front end, computed by librosa in float64.

    python -m venv .venv && .venv/bin/pip install librosa==0.11.0
    .venv/bin/python scripts/librosa_fixtures.py

The signal is a formula that `crates/duotone-audio/src/mel/parity.rs` repeats.
"""

import json
from pathlib import Path

import librosa
import numpy as np

FIXTURES = Path(__file__).parent.parent / "crates/duotone-audio/tests/fixtures"


def signal(rate: int, length: int) -> np.ndarray:
    """Two tones, noise of a linear congruential generator, clicks; the second half 40 dB softer."""
    state, noise = 1, []
    for _ in range(length):
        state = (state * 1664525 + 1013904223) % 2**32
        noise.append(state / 2**31 - 1)
    i = np.arange(length)
    t = i / rate
    x = 0.3 * np.sin(2 * np.pi * 440 * t) + 0.1 * np.sin(2 * np.pi * 3000 * t)
    x += 0.2 * np.array(noise) + 0.5 * (i % 5000 == 0)
    x[length // 2 :] *= 0.01
    # Both sides start from the same 32-bit samples.
    return x.astype(np.float32).astype(np.float64)


# What published networks do differently, as the fields of `duotone_audio::MelOptions`.
OPTIONS = [
    {"scale": "htk"},
    {"norm": "none"},
    {"fmin": 125, "fmax": 3500},
    {"magnitude": True},
    {"window_length": 400},
    {"window_length": 401},
    {"reflect": True},
    {"scale": "htk", "norm": "none", "fmin": 60, "fmax": 3900, "magnitude": True, "window_length": 400, "reflect": True},
]


def with_options(options: dict) -> dict:
    """A spectrogram of a front end with options."""
    rate, window, hop, bands = 8000, 512, 160, 24
    y = signal(rate, 4007)
    mel = librosa.feature.melspectrogram(
        y=y,
        sr=rate,
        n_fft=window,
        win_length=options.get("window_length"),
        hop_length=hop,
        n_mels=bands,
        center=True,
        pad_mode="reflect" if options.get("reflect") else "constant",
        power=1.0 if options.get("magnitude") else 2.0,
        fmin=options.get("fmin", 0),
        fmax=options.get("fmax"),
        htk=options.get("scale") == "htk",
        norm=None if options.get("norm") == "none" else "slaney",
        dtype=np.float64,
    )
    log = np.log10(np.maximum(1e-10, mel))
    front_end = {"sample_rate": rate, "window": window, "hop": hop, "bands": bands, "segment_frames": 10}
    return {
        "front_end": {**front_end, "centered": True, "mel": options},
        "samples": len(y),
        "log_mel": [[round(float(v), 6) for v in band] for band in log],
    }


def main() -> None:
    spectrograms, filterbanks = [], []
    for rate, window in [(44100, 3072), (22050, 1536), (11025, 768)]:
        # Not a whole number of hops, so that the rule for the last frame is tested too.
        y = signal(rate, rate * 6 // 10 + 7)
        for bands in [40, 80]:
            mel = librosa.filters.mel(sr=rate, n_fft=window, n_mels=bands, dtype=np.float64)
            rows = []
            for row in mel:
                first, last = np.flatnonzero(row)[[0, -1]]
                rows.append([int(first), [float(f"{w:.7g}") for w in row[first : last + 1]]])
            filterbanks.append({"rate": rate, "window": window, "bands": bands, "rows": rows})
            for centered in [False, True]:
                power = librosa.feature.melspectrogram(
                    y=y,
                    sr=rate,
                    n_fft=window,
                    hop_length=window // 2,
                    n_mels=bands,
                    center=centered,
                    dtype=np.float64,
                )
                assert power.dtype == np.float64
                log = np.log10(np.maximum(1e-10, power))
                spectrograms.append(
                    {
                        "rate": rate,
                        "window": window,
                        "bands": bands,
                        "centered": centered,
                        "samples": len(y),
                        "log_mel": [[round(float(v), 6) for v in band] for band in log],
                    }
                )
    FIXTURES.mkdir(parents=True, exist_ok=True)
    options = [with_options(one) for one in OPTIONS]
    for name, entries in [("log_mel", spectrograms), ("filterbank", filterbanks), ("options", options)]:
        lines = ",\n".join(json.dumps(entry, separators=(",", ":")) for entry in entries)
        (FIXTURES / f"librosa_{name}.json").write_text(f"[\n{lines}\n]\n")


if __name__ == "__main__":
    main()
