"""audioflux's log-mel spectrogram. Its transform lengths are powers of two, so it uses 4096 instead of 3072
and its values differ."""

import audioflux
import numpy as np
from audioflux.type import SpectralFilterBankNormalType, SpectralFilterBankScaleType, WindowType
from safetensors.numpy import load_file


def works(threads: int, path: str):
    clips = load_file(path)
    mel = audioflux.BFT(
        num=40, radix2_exp=12, samplate=44_100, low_fre=0.0, high_fre=22_050.0, window_type=WindowType.HANN,
        slide_length=1536, scale_type=SpectralFilterBankScaleType.MEL,
        normal_type=SpectralFilterBankNormalType.BAND_WIDTH,
    )

    def log_mel(clip):
        return np.log10(np.maximum(1e-10, np.abs(mel.bft(clip, result_type=1))))

    run = {"log-mel": lambda: [log_mel(clip) for clip in clips.values()]}
    return lambda: {name: log_mel(clip).ravel().astype(np.float32) for name, clip in clips.items()}, run
