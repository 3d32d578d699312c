"""From files to spectrograms: decoding and front end together."""

from contextlib import ExitStack
from statistics import median

import numpy as np

from harness import process, sounds
from harness.candidate import alternate, peer
from harness.result import Goal, Line, Result, speed_up
from harness.rows import Bench, Row
from harness.rows.front_end import same_log_mel

# Decoders differ by rounding to 16 bits and back, in MP3 also by the arithmetic of the synthesis.
SAME_DECODED = 0.02


def batch(bench: Bench) -> Result:
    count = 20 if bench.quick else sounds.CLIPS
    paths = sounds.clips(bench.cache, count)
    what = f"{count} MP3 files of 30 s to spectrograms, {bench.threads} threads"
    with ExitStack() as stack:
        ours = stack.enter_context(bench.duotone("files", *paths))
        few = stack.enter_context(bench.duotone("files", *paths[:5]))
        librosa = stack.enter_context(peer("librosa_sound", bench.threads, "files", *paths))
        few_librosa = stack.enter_context(peer("librosa_sound", bench.threads, "files", *paths[:5]))
        difference = same_log_mel(few.check(), few_librosa.check(), SAME_DECODED)
        works = {"duotone": (ours, "spectrograms"), "librosa": (librosa, "spectrograms")}
        # A call takes seconds: one per round.
        found = alternate(works, bench.rounds, 0)
    command = [bench.programs / "candidate", bench.threads, "files", *paths]
    memory = process.run(command, bench.threads, "time spectrograms 0\n").peak_mib
    mine, theirs = found["duotone"], found["librosa"]
    return Result(
        [
            Line(what, f"{median(mine):.2f} s", f"librosa.load(sr=None) and log-mel, {bench.threads} processes",
                 f"{median(theirs):.2f} s", **speed_up(mine, theirs), goal=Goal(at_least=3)),
            Line(f"{what}: peak memory", f"{memory:.0f} MiB", "", "", memory, unit="MiB", goal=Goal(at_most=200)),
        ],
        remarks=[f"Spectrograms of MP3 files agree with librosa's (with libsndfile's decoder) to {difference:.0e}."],
    )


def decoding(kind: str):
    def run(bench: Bench) -> Result:
        long, short = (make(bench.cache, kind) for make in [sounds.long, sounds.short])

        def ours(path):
            return [bench.programs / "candidate", 1, "files", path], "time spectrograms 0\n"

        def ffmpeg(path):
            words = ["-nostdin", "-loglevel", "error", "-threads", 1, "-i", path, "-map", "0:a"]
            return ["ffmpeg", *words, "-ac", 1, "-ar", sounds.RATE, "-f", "f32le", "-y", "/dev/null"], ""

        same_length(bench, long)
        found = process.alternate(
            {"ours": ours(long), "ours start": ours(short), "ffmpeg": ffmpeg(long), "ffmpeg start": ffmpeg(short)},
            1, bench.rounds)
        cpu = {name: [usage.processor for usage in usages] for name, usages in found.items()}

        def net(name):
            return [whole - median(cpu[f"{name} start"]) for whole in cpu[name]]

        mine, bare = net("ours"), net("ffmpeg")
        what = f"{kind.upper()} of {sounds.LONG_SECONDS} s to a spectrogram, 1 thread, CPU time"
        return Result(
            [Line(what, f"{median(mine):.3f} s", "ffmpeg's bare decoding to mono", f"{median(bare):.3f} s",
                  **speed_up(bare, mine), unit="× its time", goal=Goal(at_most=0.8))],
            remarks=[
                f"{kind.upper()}: the start-up times of ffmpeg ({median(cpu['ffmpeg start']):.3f} s) and duotone "
                f"({median(cpu['ours start']):.3f} s), measured with a file of 0.1 s, are subtracted."
            ],
        )

    return run


def same_length(bench: Bench, path) -> None:
    """Checks that all of the file is decoded, by the number of frames."""
    with bench.duotone("files", path, threads=1) as ours:
        (numbers,) = ours.check().values()
    frames = len(numbers) // 40
    expected = (sounds.LONG_SECONDS * sounds.RATE - 3072) // 1536 + 1
    if abs(frames - expected) > 2 or not np.isfinite(numbers).all():
        raise RuntimeError(f"{path}: {frames} frames where {expected} are expected")


ROWS = [Row("mp3-100", "files", batch)] + [
    Row(f"decode-{kind}", "files", decoding(kind)) for kind in ["mp3", "flac", "ogg", "wav"]
]
