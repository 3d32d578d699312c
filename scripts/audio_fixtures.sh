#!/usr/bin/env bash
# Writes the small audio files that the decoder's tests read: one synthetic signal in every
# container and codec. Needs ffmpeg (with libmp3lame and libvorbis) and sox.
#
# The signal is a formula that crates/duotone-audio/tests/decode.rs repeats: a chirp with a fading
# tone, which correlates with itself clearly best without a shift.
set -euo pipefail
cd "$(dirname "$0")/../crates/duotone-audio/tests/fixtures"
mkdir -p audio
cd audio
rm -f -- *.*

run() { ffmpeg -hide_banner -loglevel error -y "$@"; }

# make RATE CHANNELS OPTIONS AND OUTPUT... Channel c has the signal at 1 / (c + 1) of its amplitude.
make() {
    local rate=$1 channels=$2 formula expression="" c
    shift 2
    formula='0.4*sin(2*PI*(300*t+1000*t*t))+0.2*exp(-4*t)*sin(2*PI*500*t)'
    for ((c = 1; c <= channels; c++)); do
        expression+="${expression:+|}($formula)/$c"
    done
    run -f lavfi -i "aevalsrc=exprs='$expression':s=$rate:d=0.25" -fflags +bitexact \
        -flags:a +bitexact -map_metadata -1 "$@"
}

make 8000 2 -c:a pcm_u8 wav_u8.wav
make 8000 2 -c:a pcm_s16le wav_s16.wav
make 8000 2 -c:a pcm_s24le wav_s24.wav
make 8000 2 -c:a pcm_s32le wav_s32.wav
make 8000 2 -c:a pcm_f32le wav_f32.wav
make 8000 2 -c:a pcm_f64le wav_f64.wav
make 8000 2 -c:a pcm_alaw wav_alaw.wav
make 8000 2 -c:a pcm_mulaw wav_mulaw.wav
make 8000 6 -c:a pcm_s16le wav_6_channels.wav
make 8000 8 -c:a pcm_s16le wav_8_channels.wav
make 96000 1 -c:a pcm_s16le wav_96k.wav
make 8000 2 -c:a pcm_s16be aiff_s16.aiff
make 8000 2 -c:a pcm_s24be aiff_s24.aiff
make 8000 2 -c:a pcm_f32be aiff_f32.aifc
make 8000 2 -c:a adpcm_ms -block_size 256 adpcm_ms.wav
make 8000 2 -c:a adpcm_ima_wav -block_size 256 adpcm_ima.wav
make 8000 2 -c:a adpcm_ima_qt adpcm_ima.aifc
make 8000 2 -c:a alac caf_alac.caf
make 8000 2 -c:a pcm_s24be caf_s24.caf
make 8000 2 -c:a pcm_s16le w64_s16.w64
make 8000 2 -c:a pcm_s16le -rf64 always rf64_s16.wav
# ffmpeg's output for ADPCM, whose decoding is defined to the last bit.
mkdir -p ../adpcm
for file in adpcm_*; do run -i "$file" -f s16le "../adpcm/${file/./_}.s16"; done
for encoding in s8 s16be s24be s32be f32be f64be alaw mulaw; do
    make 8000 2 -c:a "pcm_$encoding" "au_$encoding.au"
done
make 22050 2 -c:a flac flac_s16.flac
make 192000 1 -c:a flac -sample_fmt s32 flac_192k_s24.flac
make 8000 8 -c:a flac flac_8_channels.flac
make 44100 2 -c:a libmp3lame -b:a 128k mp3_44k.mp3
make 22050 1 -c:a libmp3lame -q:a 5 -write_xing 1 mp3_22k_vbr.mp3
make 8000 1 -c:a libmp3lame -b:a 16k mp3_8k.mp3
make 44100 2 -c:a libmp3lame -b:a 64k -write_xing 0 -id3v2_version 0 mp3_no_header.mp3
make 44100 1 -c:a libmp3lame -b:a 64k -write_xing 0 -id3v2_version 0 mp3_no_header_mono.mp3
make 44100 2 -c:a mp2 -b:a 128k mp2_44k.mp2
make 22050 1 -c:a mp2 -b:a 32k mp2_22k.mp2
make 44100 2 -c:a libvorbis -q:a 2 vorbis_44k.ogg
make 8000 1 -c:a libvorbis -q:a 2 vorbis_8k.ogg
make 44100 2 -c:a aac -b:a 96k aac_44k.m4a
make 44100 2 -c:a aac -b:a 96k -f adts aac_44k.aac
make 44100 1 -c:a alac alac_44k.m4a
make 8000 2 -c:a alac -sample_fmt s32p alac_8k_s24.m4a
for encoding in u8 s8 s16be s16le s24be s24le s32be f32be f64be f64le alaw mulaw; do
    make 8000 2 -c:a "pcm_$encoding" "mov_$encoding.mov"
done
make 8000 6 -c:a pcm_s24be mov_6_channels.mov
make 96000 1 -c:a pcm_s16le mov_96k.mov
make 8000 2 -c:a pcm_s16le -movflags +frag_keyframe+empty_moov -frag_duration 100000 mov_fragmented.mov
make 44100 1 -c:a alac mov_alac.mov
make 44100 2 -c:a aac -b:a 96k -movflags +frag_keyframe+empty_moov -frag_duration 100000 aac_fragmented.mp4
make 44100 2 -filter_complex testsrc=d=0.25:s=16x16 -map 0:a -c:a aac -b:a 96k -c:v mpeg4 -movflags +faststart aac_video.mp4
make 44100 5 -c:a aac -b:a 192k aac_5_channels.m4a
make 44100 2 -c:a aac -profile:a aac_main -b:a 96k aac_main.m4a
make 44100 2 -c:a libmp3lame -b:a 128k mp3_44k.mp4
make 44100 2 -c:a libvorbis -q:a 2 vorbis_44k.mp4
make 44100 4 -c:a libvorbis -q:a 2 vorbis_4_channels.ogg
make 44100 6 -c:a libvorbis -q:a 2 vorbis_6_channels.ogg
make 48000 1 -c:a libopus -b:a 32k opus_48k.opus
make 48000 2 -c:a libopus -b:a 160k -frame_duration 60 opus_60_ms.opus
make 48000 2 -c:a libopus -b:a 20k -application voip opus_speech.opus
make 48000 2 -c:a libopus -b:a 96k -application lowdelay -frame_duration 2.5 opus_short.opus
make 48000 6 -c:a libopus -b:a 192k -mapping_family 1 opus_6_channels.opus
make 48000 2 -c:a libopus -b:a 96k opus_48k.mp4
make 48000 2 -c:a libopus -b:a 96k -movflags +frag_keyframe+empty_moov opus_fragmented.mp4
make 48000 2 -c:a libopus -b:a 96k opus_48k.webm
make 48000 2 -filter_complex testsrc=d=0.25:s=16x16 -map 0:a -c:a libopus -b:a 96k -c:v libvpx opus_video.webm
make 44100 2 -c:a libvorbis -q:a 2 vorbis_44k.webm
make 44100 2 -c:a aac -b:a 96k aac_44k.mka
make 44100 2 -c:a libmp3lame -b:a 128k mp3_44k.mka
make 22050 2 -c:a flac flac_s16.mka
make 44100 1 -c:a alac alac_44k.mka
make 8000 2 -c:a pcm_s16le pcm_s16le.mka
make 8000 2 -c:a pcm_s24be pcm_s24be.mka
make 8000 2 -c:a pcm_f64le pcm_f64le.mka
# Like the files of GTZAN, as sox writes them: an annotation makes the header longer.
sox wav_s16.wav --comment "made of a formula" au_sox.au
ls -l
du -sh .
