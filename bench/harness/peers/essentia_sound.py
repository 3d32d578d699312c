"""essentia's log-mel spectrogram, frame by frame as its algorithms work."""

import essentia
import numpy as np
from essentia import standard
from safetensors.numpy import load_file

essentia.log.infoActive = False


def works(threads: int, path: str):
    clips = load_file(path)
    window = standard.Windowing(type="hann", size=3072, zeroPhase=False, normalized=False)
    spectrum = standard.Spectrum(size=3072)
    bands = standard.MelBands(
        inputSize=1537, numberBands=40, sampleRate=44_100, lowFrequencyBound=0, highFrequencyBound=22_050,
        warpingFormula="slaneyMel", weighting="linear", normalize="unit_tri", type="power", log=False,
    )

    def log_mel(clip):
        frames = standard.FrameGenerator(
            clip, frameSize=3072, hopSize=1536, startFromZero=True, validFrameThresholdRatio=1, lastFrameToEndOfFile=False
        )
        power = np.array([bands(spectrum(window(frame))) for frame in frames])
        return np.log10(np.maximum(1e-10, power)).T

    run = {"log-mel": lambda: [log_mel(clip) for clip in clips.values()]}
    return lambda: {name: log_mel(clip).ravel().astype(np.float32) for name, clip in clips.items()}, run
