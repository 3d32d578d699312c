#!/usr/bin/env python3
"""Measures how much a network's decisions depend on the encoding of the recordings.

    cargo build --release
    scripts/encodings.py emotify/tracks.csv

Trains on the training files of each fold as they are, then classifies its test files twice: as they
are, and decoded by ffmpeg to 16-bit WAV. A network that depends on traces of the encoder is less
accurate on the WAV files. Needs ffmpeg. All results are kept in the folder given by --work, where a
second run with the same options continues.
"""

import argparse
import csv
import pathlib
import subprocess
import sys


def rows(path: pathlib.Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def decode(source: pathlib.Path, wav: pathlib.Path) -> None:
    if not wav.exists():
        part = wav.with_suffix(".part.wav")
        command = ["ffmpeg", "-v", "error", "-y", "-i", source, "-c:a", "pcm_s16le", part]
        subprocess.run(command, check=True)
        part.rename(wav)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("collection", type=pathlib.Path, help="a CSV with the column `path`")
    parser.add_argument("--label", default="genre")
    parser.add_argument("--group", default="artist")
    parser.add_argument("--folds", type=int, default=3)
    parser.add_argument("--first", type=int, help="test only this many folds")
    parser.add_argument("--architecture", default="model1")
    parser.add_argument("--epochs", default="150")
    parser.add_argument("--standardize", default="band")
    parser.add_argument("--duotone", default="target/release/duotone")
    parser.add_argument("--work", type=pathlib.Path, default=pathlib.Path("target/encodings"))
    options = parser.parse_args()
    work = options.work
    work.mkdir(parents=True, exist_ok=True)
    store = work / "features"

    def duotone(*words: object) -> str:
        command = [options.duotone, *map(str, words)]
        return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout

    network = ["--architecture", options.architecture, "--features", store]
    # The folds of `duotone evaluate` with the same seed.
    folds = work / "folds"
    if not (folds / "folds.csv").exists():
        duotone("evaluate", options.collection, "--label", options.label, "--group", options.group,
                "--folds", options.folds, "--epochs", 1, "--output", folds, *network)
    fold_of = {row["path"]: row["fold"] for row in rows(folds / "folds.csv")}
    folder = options.collection.resolve().parent
    files = [row for row in rows(options.collection) if row["path"] in fold_of]
    wavs = work / "wav"
    wavs.mkdir(exist_ok=True)
    for number, row in enumerate(files):
        row["file"] = str(folder / row["path"])
        row["wav"] = str((wavs / f"{number}.wav").resolve())
        decode(pathlib.Path(row["file"]), pathlib.Path(row["wav"]))

    total, right = 0, {"file": 0, "wav": 0}
    print("fold\tfiles\tright as they are\tright as 16-bit WAV", flush=True)
    for fold in sorted(set(fold_of.values()))[: options.first]:
        model = work / f"{options.architecture}-{options.standardize}-{fold}.safetensors"
        train = work / f"train-{fold}.csv"
        with train.open("w", newline="") as file:
            out = csv.writer(file)
            out.writerow(["path", "label"])
            out.writerows([row["file"], row[options.label]] for row in files
                          if fold_of[row["path"]] != fold)
        duotone("--quiet", "train", train, "--epochs", options.epochs, "--standardize",
                options.standardize, "--resume", "--output", model, *network)
        tests = [row for row in files if fold_of[row["path"]] == fold]
        counts = {}
        for kind in right:
            truth = {row[kind]: row[options.label] for row in tests}
            decided = duotone("--quiet", "classify", model, *truth, "--format", "csv")
            decisions = csv.DictReader(decided.splitlines())
            counts[kind] = sum(truth[row["path"]] == row["label"] for row in decisions)
            right[kind] += counts[kind]
        total += len(tests)
        print(fold, len(tests), counts["file"], counts["wav"], sep="\t", flush=True)
    shares = [f"{100 * count / total:.1f} %" for count in right.values()]
    print("all", total, *shares, sep="\t")
    return 0


if __name__ == "__main__":
    sys.exit(main())
