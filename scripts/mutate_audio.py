#!/usr/bin/env python3
"""Classifies mutated audio files and reports what should never happen: a panic, a signal, an exit
code other than 0, 1 and 3, a file that takes over 5 s of processor time, memory over a limit.

    scripts/mutate_audio.py DUOTONE MODEL --count 100000
    scripts/decoding_matrix --small --keep FOLDER    # longer files, of more formats
    scripts/mutate_audio.py DUOTONE MODEL --count 10000 --seeds FOLDER

Each file is one of the repository's fixtures, all formats being equally likely, with bits flipped, a
part cut off, repeated or overwritten, a field of its header set to an extreme, or spliced with another
file. Half of the Ogg files get correct checksums again, so that the code behind the checksums is
reached. Every second batch is classified with excerpts, which seek within the files. Mutations follow
only from the seed and the number of the file, so each can be made again (`--only NUMBER`).
"""

import argparse
import pathlib
import random
import re
import resource
import shutil
import subprocess
import sys
import tempfile
import time

from decoding.edits import ogg_pages

FIXTURES = pathlib.Path(__file__).parent.parent / "crates/duotone-audio/tests/fixtures"
FORMATS = ["wav", "w64", "rf64", "aiff", "aifc", "au", "caf", "flac", "mp3", "mp2", "aac", "ogg", "oga", "spx", "opus",
           "mka", "mkv", "webm", "m4a", "mp4", "mov"]
SECONDS_A_FILE = 5
SKIPPED = re.compile(r"^.*?[0-9]+\.audio: ", re.MULTILINE)
EXTREMES = [b"\0\0\0\0", b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff", b"\xff\xff\xff\x7f", b"\0\0\0\1"]


def mutate(rng: random.Random, data: bytes, other: bytes) -> bytes:
    data = bytearray(data)
    for _ in range(rng.choice([1, 1, 1, 2, 4])):
        kind = rng.randrange(7)
        # Damage to headers has the worst effects: half of all positions are in them.
        reach = min(len(data), 512) if rng.random() < 0.5 else len(data)
        at = rng.randrange(max(reach, 1))
        if kind == 0:
            for _ in range(rng.choice([1, 4, 32])):
                data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
        elif kind == 1:
            data[at : at + 1] = bytes([data[at] ^ (1 << rng.randrange(8))])
        elif kind == 2:
            del data[max(at, 1) :]
        elif kind == 3:
            del data[at : at + rng.choice([1, 2, 7, 100, 4096])]
        elif kind == 4:
            data[at:at] = data[at : at + rng.choice([1, 4, 100, 4096])]
        elif kind == 5:
            data[at : at + 4] = rng.choice(EXTREMES)
        else:
            data[at:] = other[rng.randrange(len(other)) :]
        if not data:
            data = bytearray(b"\0")
    return bytes(data)


def seeds(folder: pathlib.Path) -> list[list[bytes]]:
    """The files of each format, for formats that have any."""
    found = [[path.read_bytes() for path in sorted(folder.rglob(f"*.{name}"))] for name in FORMATS]
    return [files for files in found if files]


def make(number: int, seed: int, formats: list[list[bytes]]) -> bytes:
    rng = random.Random(seed * 1_000_003 + number)
    mutated = mutate(rng, rng.choice(rng.choice(formats)), rng.choice(rng.choice(formats)))
    return ogg_pages(mutated) if rng.random() < 0.5 else mutated


def limit_time() -> None:
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS_A_FILE, SECONDS_A_FILE))


def classify(program: str, model: str, path: str, excerpts: bool) -> tuple[int, str, int, int]:
    """Returns the exit code, standard error, and the numbers of files decided and skipped. The run is
    ended by a signal after 5 s of processor time. A whole batch of small files takes less; if one
    takes more, its files are classified one by one."""
    words = ["--excerpts", "1x1"] if excerpts else []
    done = subprocess.run(
        [program, "classify", model, path, "--format", "csv", "--quiet", "--threads", "1", *words],
        capture_output=True,
        preexec_fn=limit_time,
    )
    said = done.stderr.decode(errors="replace")
    decided = max(done.stdout.count(b"\n") - 1, 0)
    return done.returncode, said, decided, len(SKIPPED.findall(said))


def bad(code: int, said: str, decided: int, skipped: int, files: int) -> bool:
    """Whether the run failed: every file must be either decided or skipped by name."""
    return code not in (0, 1, 3) or "panicked" in said or decided + skipped != files


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("program")
    parser.add_argument("model")
    parser.add_argument("--count", type=int, default=100_000)
    parser.add_argument("--batch", type=int, default=250)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--most-mib", type=int, default=200)
    parser.add_argument("--seeds", type=pathlib.Path, default=FIXTURES, help="files to mutate")
    parser.add_argument("--keep", default="bad-audio", help="folder for files that fail")
    parser.add_argument("--only", type=int, help="write this one file and stop")
    options = parser.parse_args()
    formats = seeds(options.seeds)
    print(f"starting from {sum(map(len, formats))} files of {len(formats)} formats")
    keep = pathlib.Path(options.keep)
    if options.only is not None:
        keep.mkdir(exist_ok=True)
        (keep / str(options.only)).write_bytes(make(options.only, options.seed, formats))
        return 0

    findings = all_decided = all_skipped = done = 0
    begun = time.monotonic()
    for start in range(0, options.count, options.batch):
        numbers = range(start, min(start + options.batch, options.count))
        excerpts = start // options.batch % 2 == 1
        with tempfile.TemporaryDirectory() as folder:
            for number in numbers:
                path = pathlib.Path(folder, f"{number}.audio")
                path.write_bytes(make(number, options.seed, formats))
            code, said, decided, skipped = classify(options.program, options.model, folder, excerpts)
            all_decided += decided
            all_skipped += skipped
            if bad(code, said, decided, skipped, len(numbers)):
                findings += 1
                print(f"batch from {start}: code {code}, {decided} decided, {skipped} skipped")
                for path in sorted(pathlib.Path(folder).iterdir()):
                    found = classify(options.program, options.model, str(path), excerpts)
                    if bad(*found, 1):
                        keep.mkdir(exist_ok=True)
                        shutil.move(path, keep)
                        print(f"{path.name}: code {found[0]}: {found[1].strip()[:300]}", flush=True)
        done += len(numbers)
        most = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
        if done % 5000 == 0 or done == options.count:
            seconds = time.monotonic() - begun
            print(f"{done} files, {all_decided} decided, {all_skipped} skipped, {findings} findings, "
                  f"at most {most:.0f} MiB, {seconds:.0f} s", flush=True)
        if most > options.most_mib:
            print(f"more than {options.most_mib} MiB in the batch from {start}")
            return 1
    return int(findings > 0)


if __name__ == "__main__":
    sys.exit(main())
