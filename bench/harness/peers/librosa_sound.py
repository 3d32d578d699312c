"""librosa's log-mel spectrogram, of samples and of files, optionally in several processes."""

import multiprocessing

import librosa
import numpy as np
from safetensors.numpy import load_file

RATE = 44_100


def log_mel(samples, rate: int = RATE):
    power = librosa.feature.melspectrogram(
        y=samples, sr=rate, n_fft=3072, hop_length=1536, n_mels=40, center=False
    )
    return np.log10(np.maximum(1e-10, power)).astype(np.float32)


def file_log_mel(path: str):
    samples, rate = librosa.load(path, sr=None)
    return log_mel(samples, rate)


def frames(item) -> int:
    """Number of frames of a file or of samples: the processes return no more than this."""
    return (file_log_mel(item) if isinstance(item, str) else log_mel(item)).shape[1]


_clips = {}


def _load(path):
    _clips.update(load_file(path))


def _frames_of(name):
    return frames(_clips[name])


def works(threads: int, kind: str, *paths: str):
    if kind == "files":
        # Standard output is reserved for the answers.
        pool = multiprocessing.get_context("spawn").Pool(threads)
        pool.map(frames, paths[:threads], chunksize=1)
        run = {"spectrograms": lambda: pool.map(frames, paths, chunksize=1)}
        return lambda: {path: file_log_mel(path).ravel() for path in paths}, run
    clips = load_file(paths[0])
    run = {"log-mel": lambda: [log_mel(clip) for clip in clips.values()]}
    if kind == "sound-processes":
        # Each process loads the samples in advance: only names are sent.
        pool = multiprocessing.get_context("spawn").Pool(threads, _load, paths[:1])
        pool.map(_frames_of, list(clips)[:threads], chunksize=1)
        run = {"log-mel": lambda: pool.map(_frames_of, clips, chunksize=1)}
    return lambda: {name: log_mel(clip).ravel() for name, clip in clips.items()}, run
