"""One file of the matrix: how it is made, and what must come out of it."""

import dataclasses
import itertools
import pathlib
import re
from collections.abc import Callable, Iterable

# What the samples must be.
EXACT = "exact"
LOSSY = "lossy"
REFUSED = "refused"
# How long the sound must be: as what was encoded, or as ffmpeg decodes it where the format does not
# say where the sound ends.
SOURCE = "source"
FFMPEG = "ffmpeg"

# As the encoders want them: from another layout ffmpeg would mix.
LAYOUTS = ["", "mono", "stereo", "3.0", "quad", "5.0", "5.1", "6.1", "7.1"]
APPLES_LAYOUTS = ["", "mono", "stereo", "3.0", "4.0", "5.0", "5.1", "6.1(back)", "7.1(wide)"]

Edit = Callable[[bytes], bytes]


@dataclasses.dataclass(frozen=True)
class Cell:
    # The row of the table that it counts for.
    container: str
    codec: str
    extension: str
    # ffmpeg's output options, or sox's.
    options: str
    expect: str = EXACT
    length: str = SOURCE
    rate: int = 44_100
    channels: int = 2
    seconds: float = 1.6
    # music, over (beyond full scale), antiphase
    source: str = "music"
    tool: str = "ffmpeg"
    # Written through a pipe, so that the header's sizes are not known.
    piped: bool = False
    # Options of a second run of ffmpeg, on the file of the first.
    then: str = ""
    # A change of the finished file, and what it is called.
    edit: Edit | None = None
    change: str = ""
    # The file's own decode by ffmpeg is not the truth: that of the file before the change is, this many
    # times over.
    parts: int = 0
    # Where the codec puts noise of the decoder's own: ratio to ffmpeg's, in decibels, and difference of
    # log-mel values between a range and the whole, whose noises are others.
    least_decibels: float = 60.0
    most_in_a_range: float | None = None
    # Input options of ffmpeg's decode.
    decoder: str = ""
    # The rate that comes out, where it is not the source's.
    decoded_rate: int = 0
    # A pattern that the reason of a refusal, or a warning, must have.
    words: str = ""
    small: bool = False
    # A file that is there already, and its samples, where they are known.
    file: str = ""
    samples: int = 0

    @property
    def name(self) -> str:
        if self.file:
            return pathlib.Path(self.file).name
        words = [self.codec, self.options, self.then, self.change, "piped" if self.piped else "",
                 "" if self.source == "music" else self.source]
        said = re.sub(r"[^A-Za-z0-9.+=]+", "_", "_".join(word for word in words if word))
        return f"{self.tool}_{said}_{self.rate}_{self.channels}ch_{self.seconds}s.{self.extension}"

    @property
    def clipped(self) -> bool:
        """Whether our decoder gives 16 bits, so that what ffmpeg decodes beyond full scale is clipped."""
        return "libopus" in self.decoder

    @property
    def output_rate(self) -> int:
        return self.decoded_rate or self.rate

    @property
    def layout(self) -> str:
        apples = self.encoder() in ("alac", "aac")
        return (APPLES_LAYOUTS if apples else LAYOUTS)[self.channels]

    def encoder(self) -> str | None:
        """The encoder of ffmpeg that it needs."""
        found = re.search(r"-c:a (\S+)", self.options)
        return found.group(1) if found and self.tool == "ffmpeg" else None


def cells(container: str, codec: str, extension: str, options: str, *, rates: Iterable[int] = (44_100,),
          channels: Iterable[int] = (2,), small: bool = False, **rest) -> list[Cell]:
    """Every rate with every number of channels; of those the first is in the small matrix."""
    made = []
    for rate, count in itertools.product(rates, channels):
        made.append(Cell(container, codec, extension, options, rate=rate, channels=count,
                         small=small and not made, **rest))
    return made


def crossed(container: str, codec: str, extension: str, options: str, *, rates: Iterable[int],
            channels: Iterable[int], small: bool = False, **rest) -> list[Cell]:
    """The first rate with every number of channels and the first number of channels with every rate."""
    rates, channels = list(rates), list(channels)
    first = cells(container, codec, extension, options, rates=rates[:1], channels=channels, small=small, **rest)
    return first + cells(container, codec, extension, options, rates=rates[1:], channels=channels[:1], **rest)
