"""All files of the matrix."""

from . import flac, matroska, mp4, mpeg, ogg, pcm, refused

ALL = pcm.CELLS + flac.CELLS + mpeg.CELLS + ogg.CELLS + matroska.CELLS + mp4.CELLS + refused.CELLS
