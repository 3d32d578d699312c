#!/usr/bin/env python3
"""Compares what duotone makes of a folder's audio files with ffmpeg and librosa, file by file.

    cargo build --release -p duotone-audio --example dump
    scripts/compare_decoding.py target/release/examples/dump FOLDER

Needs ffmpeg, numpy and librosa. Samples: ffmpeg's decoder, channels averaged, no resampling. Values:
librosa's log10 mel power at 22,050 Hz of *our* samples, resampled by soxr where the rate differs, so
that decoders and front ends are held apart. Lists what differs by more than the bounds; ends with 1
where something does.
"""

import argparse
import json
import pathlib
import subprocess
import sys
import tempfile

import librosa
import numpy as np

RATE, HOP, BANDS = 22_050, 768, 40
# Largest difference of a sample; lossy codecs are not bit-exact between decoders.
SAMPLE = 2e-3
# Mean difference of a log10 mel value above -6; rates that differ are resampled by another filter.
VALUE, VALUE_RESAMPLED = 1e-3, 2e-2


def ffmpeg(path: pathlib.Path) -> np.ndarray | None:
    """Mono samples at the file's own rate."""
    ask = ["ffprobe", "-v", "error", "-select_streams", "a:0", "-show_streams", "-of", "json", path]
    asked = subprocess.run(ask, capture_output=True)
    streams = json.loads(asked.stdout or b"{}").get("streams", [])
    if not streams:
        return None
    command = ["ffmpeg", "-v", "error", "-i", path, "-map", "0:a:0", "-f", "f32le", "-"]
    data = subprocess.run(command, capture_output=True).stdout
    channels = int(streams[0]["channels"])
    samples = np.frombuffer(data[: len(data) // (4 * channels) * 4 * channels], np.float32)
    return samples.reshape(-1, channels).mean(axis=1)


def log_mel(samples: np.ndarray, rate: int) -> np.ndarray:
    if rate != RATE:
        samples = librosa.resample(samples, orig_sr=rate, target_sr=RATE)
    power = librosa.feature.melspectrogram(
        y=samples, sr=RATE, n_fft=2 * HOP, hop_length=HOP, n_mels=BANDS, center=False
    )
    return np.log10(np.maximum(power, 1e-10))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("dump")
    parser.add_argument("folder", type=pathlib.Path)
    options = parser.parse_args()
    paths = sorted(path for path in options.folder.rglob("*") if path.is_file())
    print("file\trate\tsamples\tffmpeg's\tlargest difference\tmean mel difference\tremarks")
    differ = 0
    with tempfile.TemporaryDirectory() as folder:
        text = "".join(f"{path}\n" for path in paths)
        run = subprocess.run([options.dump, folder], input=text, text=True, stdout=subprocess.PIPE)
        run.check_returncode()
        for number, (path, said) in enumerate(zip(paths, run.stdout.splitlines())):
            name, theirs = path.relative_to(options.folder), ffmpeg(path)
            if said.startswith("refused"):
                print(f"{name}\t\t\t{'' if theirs is None else len(theirs)}\t\t\t{said}")
                continue
            rate, frames = map(int, said.split())
            load = lambda ending: np.fromfile(pathlib.Path(folder, f"{number}.{ending}"), np.float32)
            ours, mel = load("samples"), load("mel").reshape(BANDS, frames)
            remarks = []
            theirs = np.zeros(0) if theirs is None else theirs
            length = min(len(ours), len(theirs))
            difference = np.abs(ours[:length] - theirs[:length])
            largest = float(difference.max(initial=0))
            if len(ours) != len(theirs):
                remarks.append(f"{len(ours) - len(theirs):+} samples")
            if largest > SAMPLE:
                places = np.flatnonzero(difference > SAMPLE)
                remarks.append(f"samples {places[0]} to {places[-1]} differ")
            mean = float("nan")
            if len(ours) >= rate * (HOP * 81) // RATE:
                expected = log_mel(ours, rate)
                both = min(frames, expected.shape[1])
                if abs(frames - expected.shape[1]) > 1:
                    remarks.append(f"{frames} frames, librosa's {expected.shape[1]}")
                a, b = mel[:, :both], expected[:, :both]
                loud = np.maximum(a, b) > -6
                mean = float(np.abs(a - b)[loud].mean()) if loud.any() else 0.0
                if mean > (VALUE if rate == RATE else VALUE_RESAMPLED):
                    remarks.append("values differ")
            differ += bool(remarks)
            print(f"{name}\t{rate}\t{len(ours)}\t{len(theirs)}\t{largest:.2g}\t{mean:.2g}\t"
                  + "; ".join(remarks), flush=True)
    print(f"{differ} of {len(paths)} files differ")
    return int(differ > 0)


if __name__ == "__main__":
    sys.exit(main())
