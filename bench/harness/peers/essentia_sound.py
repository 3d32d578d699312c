"""essentia's log-mel spectrogram, frame by frame as its algorithms work, of samples and of files."""

import essentia
import numpy as np
from essentia import standard
from safetensors.numpy import load_file

RATE = 44_100
essentia.log.infoActive = False
window = standard.Windowing(type="hann", size=3072, zeroPhase=False, normalized=False)
spectrum = standard.Spectrum(size=3072)
bands = standard.MelBands(
    inputSize=1537, numberBands=40, sampleRate=RATE, lowFrequencyBound=0, highFrequencyBound=RATE / 2,
    warpingFormula="slaneyMel", weighting="linear", normalize="unit_tri", type="power", log=False,
)


def log_mel(samples):
    frames = standard.FrameGenerator(
        samples, frameSize=3072, hopSize=1536, startFromZero=True, validFrameThresholdRatio=1,
        lastFrameToEndOfFile=False,
    )
    power = np.array([bands(spectrum(window(frame))) for frame in frames])
    return np.log10(np.maximum(1e-10, power)).T


def file_log_mel(path: str):
    return log_mel(standard.MonoLoader(filename=path, sampleRate=RATE)())


def works(threads: int, path: str):
    clips = load_file(path)
    run = {"log-mel": lambda: [log_mel(clip) for clip in clips.values()]}
    return lambda: {name: log_mel(clip).ravel().astype(np.float32) for name, clip in clips.items()}, run
