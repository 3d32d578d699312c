"""torchaudio's log-mel spectrogram with librosa's conventions."""

import torch
from safetensors.torch import load_file

# torchaudio refuses to load with a PyTorch built for another CUDA version, which does not matter on the CPU.
cuda, torch.version.cuda = torch.version.cuda, None
import torchaudio  # noqa: E402

torch.version.cuda = cuda


def works(threads: int, path: str):
    torch.set_num_threads(threads)
    clips = load_file(path)
    mel = torchaudio.transforms.MelSpectrogram(
        44_100, n_fft=3072, hop_length=1536, n_mels=40, center=False, power=2.0, norm="slaney", mel_scale="slaney"
    )

    def log_mel(clip):
        with torch.inference_mode():
            return mel(clip).clamp(min=1e-10).log10()

    run = {"log-mel": lambda: [log_mel(clip) for clip in clips.values()]}
    return lambda: {name: log_mel(clip).numpy().ravel() for name, clip in clips.items()}, run
