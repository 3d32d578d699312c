#!/usr/bin/env bash
# Writes copies of the demo's music that `duotone check` must recognise, each with another codec, volume
# and start. Needs ffmpeg (with libmp3lame and libvorbis).
#
# crates/duotone/tests/check/planted.rs composes the same pieces (10 seconds, seed 0); the file names
# state what was changed.
set -euo pipefail
cd "$(dirname "$0")/.."
out=$PWD/crates/duotone/tests/fixtures/check
music=$(mktemp -d)
trap 'rm -rf "$music"' EXIT
cargo run --release -p duotone-demo --example compose -- "$music" 10 1 1
mkdir -p "$out"
rm -f -- "$out"/*.*

# make PIECE [OPTIONS BEFORE THE INPUT...] -- OPTIONS AND OUTPUT...
make() {
    local piece before=()
    piece=$(echo "$music"/collection/"$1"/*-1.wav)
    shift
    while [ "$1" != -- ]; do before+=("$1"); shift; done
    shift
    ffmpeg -hide_banner -loglevel error -y "${before[@]}" -i "$piece" -fflags +bitexact \
        -flags:a +bitexact -map_metadata -1 "$@"
}

make chorale -- -c:a libmp3lame -b:a 24k "$out/chorale.mp3"
make ragtime -ss 4 -- -af volume=-15dB -c:a libmp3lame -b:a 32k "$out/ragtime_from_4s_quiet.mp3"
make techno -ss 2.2174 -- -c:a libvorbis -q:a 0 "$out/techno_from_2.2s.ogg"
make breakbeat -ss 3 -t 6 -- -ar 8000 -c:a flac "$out/breakbeat_3s_to_9s_8k.flac"
make breakbeat -- -ar 44100 -c:a aac -b:a 40k "$out/breakbeat.m4a"
ls -l "$out"
