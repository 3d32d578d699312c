//! Every container and codec decodes to the signal of `scripts/audio_fixtures.sh`.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::f64::consts::TAU;
use std::path::{Path, PathBuf};

use duotone_audio::{Clip, FrontEnd, decode, decode_channels, extract, probe};

/// Length of the files in seconds.
const SECONDS: f64 = 0.25;

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/audio").join(name)
}

/// The same formula as in the script, averaged over the channels.
fn signal(rate: u32, channels: usize) -> Vec<f32> {
    let gain = (1..=channels).map(|c| 1.0 / c as f64).sum::<f64>() / channels as f64;
    (0..(SECONDS * f64::from(rate)).round() as usize)
        .map(|i| {
            let t = i as f64 / f64::from(rate);
            let chirp = 0.4 * (TAU * (300.0 * t + 1000.0 * t * t)).sin();
            let tone = 0.2 * (-4.0 * t).exp() * (TAU * 500.0 * t).sin();
            (gain * (chirp + tone)) as f32
        })
        .collect()
}

/// Correlation of `a`, starting at sample `lag`, with `b`.
fn correlation(a: &[f32], b: &[f32], lag: usize) -> f64 {
    let dot = |a: &[f32], b: &[f32]| -> f64 {
        a.iter().zip(b).map(|(&a, &b)| f64::from(a) * f64::from(b)).sum()
    };
    let a = &a[lag.min(a.len())..];
    let n = a.len().min(b.len());
    let (a, b) = (&a[..n], &b[..n]);
    dot(a, b) / (dot(a, a) * dot(b, b)).sqrt()
}

/// Largest allowed difference between the signal and a lossless file, by sample format.
const EIGHT_BIT: f32 = 1.1 / 128.0;
const LAW: f32 = 0.02;
const SIXTEEN_BIT: f32 = 1.1 / 32_768.0;
const EXACT: f32 = 1e-6;

#[test]
fn lossless_files_decode_to_the_signal() {
    let files = [
        ("wav_u8.wav", "PCM 8 bit", 8000, 2, EIGHT_BIT),
        ("wav_s16.wav", "PCM 16 bit", 8000, 2, SIXTEEN_BIT),
        ("wav_s24.wav", "PCM 24 bit", 8000, 2, EXACT),
        ("wav_s32.wav", "PCM 32 bit", 8000, 2, EXACT),
        ("wav_f32.wav", "PCM 32 bit float", 8000, 2, EXACT),
        ("wav_f64.wav", "PCM 64 bit float", 8000, 2, EXACT),
        ("wav_alaw.wav", "A-law", 8000, 2, LAW),
        ("wav_mulaw.wav", "mu-law", 8000, 2, LAW),
        ("wav_6_channels.wav", "PCM 16 bit", 8000, 6, SIXTEEN_BIT),
        ("wav_8_channels.wav", "PCM 16 bit", 8000, 8, SIXTEEN_BIT),
        ("w64_s16.w64", "PCM 16 bit", 8000, 2, SIXTEEN_BIT),
        ("rf64_s16.wav", "PCM 16 bit", 8000, 2, SIXTEEN_BIT),
        ("caf_s24.caf", "PCM 24 bit", 8000, 2, EXACT),
        ("wav_96k.wav", "PCM 16 bit", 96_000, 1, SIXTEEN_BIT),
        ("aiff_s16.aiff", "PCM 16 bit", 8000, 2, SIXTEEN_BIT),
        ("aiff_s24.aiff", "PCM 24 bit", 8000, 2, EXACT),
        ("aiff_f32.aifc", "PCM 32 bit float", 8000, 2, EXACT),
        ("au_s8.au", "PCM 8 bit", 8000, 2, EIGHT_BIT),
        ("au_s16be.au", "PCM 16 bit", 8000, 2, SIXTEEN_BIT),
        ("au_s24be.au", "PCM 24 bit", 8000, 2, EXACT),
        ("au_s32be.au", "PCM 32 bit", 8000, 2, EXACT),
        ("au_f32be.au", "PCM 32 bit float", 8000, 2, EXACT),
        ("au_f64be.au", "PCM 64 bit float", 8000, 2, EXACT),
        ("au_alaw.au", "A-law", 8000, 2, LAW),
        ("au_mulaw.au", "mu-law", 8000, 2, LAW),
        ("au_sox.au", "PCM 16 bit", 8000, 2, SIXTEEN_BIT),
        ("flac_s16.flac", "FLAC", 22_050, 2, SIXTEEN_BIT),
        ("flac_192k_s24.flac", "FLAC", 192_000, 1, EXACT),
        ("flac_8_channels.flac", "FLAC", 8000, 8, SIXTEEN_BIT),
        ("alac_44k.m4a", "ALAC", 44_100, 1, SIXTEEN_BIT),
        ("alac_8k_s24.m4a", "ALAC", 8000, 2, EXACT),
        ("caf_alac.caf", "ALAC", 8000, 2, SIXTEEN_BIT),
        ("mov_u8.mov", "PCM 8 bit", 8000, 2, EIGHT_BIT),
        ("mov_s8.mov", "PCM 8 bit", 8000, 2, EIGHT_BIT),
        ("mov_s16be.mov", "PCM 16 bit", 8000, 2, SIXTEEN_BIT),
        ("mov_s16le.mov", "PCM 16 bit", 8000, 2, SIXTEEN_BIT),
        ("mov_s24be.mov", "PCM 24 bit", 8000, 2, EXACT),
        ("mov_s24le.mov", "PCM 24 bit", 8000, 2, EXACT),
        ("mov_s32be.mov", "PCM 32 bit", 8000, 2, EXACT),
        ("mov_f32be.mov", "PCM 32 bit float", 8000, 2, EXACT),
        ("mov_f64be.mov", "PCM 64 bit float", 8000, 2, EXACT),
        ("mov_f64le.mov", "PCM 64 bit float", 8000, 2, EXACT),
        ("mov_alaw.mov", "A-law", 8000, 2, LAW),
        ("mov_mulaw.mov", "mu-law", 8000, 2, LAW),
        ("mov_6_channels.mov", "PCM 24 bit", 8000, 6, EXACT),
        ("mov_96k.mov", "PCM 16 bit", 96_000, 1, SIXTEEN_BIT),
        ("mov_fragmented.mov", "PCM 16 bit", 8000, 2, SIXTEEN_BIT),
        ("mov_alac.mov", "ALAC", 44_100, 1, SIXTEEN_BIT),
        ("flac_s16.mka", "FLAC", 22_050, 2, SIXTEEN_BIT),
        ("alac_44k.mka", "ALAC", 44_100, 1, SIXTEEN_BIT),
        ("pcm_s16le.mka", "PCM 16 bit", 8000, 2, SIXTEEN_BIT),
        ("pcm_s24be.mka", "PCM 24 bit", 8000, 2, EXACT),
        ("pcm_f64le.mka", "PCM 64 bit float", 8000, 2, EXACT),
    ];
    for (name, codec, rate, channels, bound) in files {
        let info = probe(&fixture(name)).unwrap_or_else(|e| panic!("{name}: {e}"));
        assert_eq!((info.codec.as_str(), info.sample_rate, info.channels), (codec, rate, channels));
        let Clip { samples, rate } = decode(&fixture(name)).unwrap();
        let expected = signal(rate, channels);
        assert_eq!(samples.len(), expected.len(), "{name}");
        for (i, (got, expected)) in samples.iter().zip(&expected).enumerate() {
            assert!(
                (got - expected).abs() <= bound,
                "{name}: sample {i}: {got} instead of {expected}"
            );
        }
        // Matroska states the length only for the whole file, in milliseconds.
        let Some(seconds) = info.seconds.or(name.ends_with("mka").then_some(SECONDS)) else {
            panic!("{name}: no length");
        };
        // The last packet counts as a whole one in ffmpeg's CAF.
        assert!((seconds - SECONDS).abs() < 0.001 || name == "caf_alac.caf", "{name}: {seconds} s");
        let extraction = extract(&fixture(name), &FrontEnd::paper(rate)).unwrap();
        assert_eq!((extraction.decode_errors, extraction.warnings), (None, vec![]), "{name}");
    }
}

/// ADPCM is defined exactly, so the samples equal ffmpeg's.
#[test]
fn adpcm_equals_ffmpegs() {
    for name in ["adpcm_ms.wav", "adpcm_ima.wav", "adpcm_ima.aifc"] {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/adpcm");
        let expected = std::fs::read(folder.join(name.replace('.', "_") + ".s16")).unwrap();
        let expected: Vec<f32> = expected
            .as_chunks::<4>()
            .0
            .iter()
            .map(|&[a, b, c, d]| {
                let [left, right] = [[a, b], [c, d]].map(|x| f32::from(i16::from_le_bytes(x)));
                (left + right) / 65_536.0
            })
            .collect();
        assert_eq!(probe(&fixture(name)).unwrap().codec, "ADPCM");
        assert!(decode(&fixture(name)).unwrap().samples == expected, "{name}");
        let extraction = extract(&fixture(name), &FrontEnd::paper(8000)).unwrap();
        assert_eq!(extraction.decode_errors, None, "{name}");
    }
}

#[test]
fn lossy_files_decode_to_the_signal() {
    // The last number is the encoder's delay in samples if the container does not state it, so that
    // it is not removed.
    let files = [
        ("mp3_44k.mp3", "MP3", 44_100, 2, 0),
        ("mp3_22k_vbr.mp3", "MP3", 22_050, 1, 0),
        ("mp3_8k.mp3", "MP3", 8000, 1, 0),
        ("mp3_no_header.mp3", "MP3", 44_100, 2, 1105),
        ("mp3_no_header_mono.mp3", "MP3", 44_100, 1, 1105),
        ("mp2_44k.mp2", "MP2", 44_100, 2, 481),
        ("mp2_22k.mp2", "MP2", 22_050, 1, 481),
        ("vorbis_44k.ogg", "Vorbis", 44_100, 2, 0),
        ("vorbis_8k.ogg", "Vorbis", 8000, 1, 0),
        ("aac_44k.m4a", "AAC", 44_100, 2, 0),
        ("aac_video.mp4", "AAC", 44_100, 2, 0),
        ("aac_main.m4a", "AAC", 44_100, 2, 0),
        ("aac_5_channels.m4a", "AAC", 44_100, 5, 0),
        ("aac_44k.aac", "AAC", 44_100, 2, 1024),
        ("aac_fragmented.mp4", "AAC", 44_100, 2, 1024),
        ("mp3_44k.mp4", "MP3", 44_100, 2, 0),
        ("vorbis_44k.mp4", "Vorbis", 44_100, 2, 0),
        ("vorbis_44k.webm", "Vorbis", 44_100, 2, 0),
        ("vorbis_4_channels.ogg", "Vorbis", 44_100, 4, 0),
        ("vorbis_6_channels.ogg", "Vorbis", 44_100, 6, 0),
        ("opus_48k.opus", "Opus", 48_000, 1, 0),
        ("opus_60_ms.opus", "Opus", 48_000, 2, 0),
        ("opus_short.opus", "Opus", 48_000, 2, 0),
        ("opus_6_channels.opus", "Opus", 48_000, 6, 0),
        ("opus_48k.webm", "Opus", 48_000, 2, 0),
        ("opus_video.webm", "Opus", 48_000, 2, 0),
        ("opus_48k.mp4", "Opus", 48_000, 2, 0),
        ("opus_fragmented.mp4", "Opus", 48_000, 2, 0),
        ("aac_44k.mka", "AAC", 44_100, 2, 1024),
        ("mp3_44k.mka", "MP3", 44_100, 2, 1105),
    ];
    for (name, codec, rate, channels, delay) in files {
        let info = probe(&fixture(name)).unwrap_or_else(|e| panic!("{name}: {e}"));
        assert_eq!((info.codec.as_str(), info.sample_rate, info.channels), (codec, rate, channels));
        let Clip { samples, rate } = decode(&fixture(name)).unwrap();
        let expected = signal(rate, channels);
        let best = (0..2000)
            .max_by(|&a, &b| {
                correlation(&samples, &expected, a).total_cmp(&correlation(&samples, &expected, b))
            })
            .unwrap();
        assert_eq!(best, delay, "{name}: delay");
        let similarity = correlation(&samples, &expected, best);
        assert!(similarity > 0.97, "{name}: correlation {similarity}");
        // The encoder's padding is not removed if the container does not state the length in
        // samples: up to a packet, or a few packets if the delay is not stated either.
        let extra = samples.len().checked_sub(expected.len()).unwrap();
        let most = match delay {
            0 if ["mp3", "ogg", "opus"].iter().any(|end| name.ends_with(end)) => 0,
            // In Matroska and WebM, the padding is stated for Opus only.
            0 if codec == "Opus" && name.ends_with("webm") => 0,
            0 => 1152,
            _ => 3 * 1152,
        };
        assert!(extra <= most, "{name}: {extra} extra samples");
    }
}

/// The left channel of the signal is twice as loud as the right one.
#[test]
fn channels_are_kept_apart() {
    for name in [
        "w64_s16.w64",
        "aiff_f32.aifc",
        "flac_s16.flac",
        "flac_s16.mka",
        "alac_8k_s24.m4a",
        "mov_s24be.mov",
    ] {
        let channels = decode_channels(&fixture(name)).unwrap();
        let [left, right] = channels.as_slice() else { panic!("{name}: not stereo") };
        let mono = decode(&fixture(name)).unwrap();
        assert_eq!(left.rate, mono.rate);
        for ((l, r), mixed) in left.samples.iter().zip(&right.samples).zip(&mono.samples) {
            assert_eq!((l + r) * 0.5, *mixed, "{name}");
            assert!((l - 2.0 * r).abs() < 1e-4, "{name}: {l} and {r}");
        }
        assert_eq!(
            (left.samples.len(), right.samples.len()),
            (mono.samples.len(), mono.samples.len())
        );
    }
    for name in ["wav_96k.wav", "flac_8_channels.flac"] {
        let mixed = decode(&fixture(name)).unwrap();
        assert_eq!(decode_channels(&fixture(name)).unwrap(), [mixed], "{name}");
    }
}

#[test]
fn file_names_do_not_matter() {
    let folder = tempfile::tempdir().unwrap();
    for (content, name) in
        [("mp3_44k.mp3", "song.wav"), ("wav_s16.wav", "song.mp3"), ("au_s16be.au", "song")]
    {
        let path = folder.path().join(name);
        std::fs::copy(fixture(content), &path).unwrap();
        assert_eq!(decode(&path).unwrap(), decode(&fixture(content)).unwrap());
    }
}

#[test]
fn short_clips_are_repeated_to_one_segment() {
    let front_end = FrontEnd::paper(8000);
    let extraction = extract(&fixture("wav_f32.wav"), &front_end).unwrap();
    assert!(extraction.repeated && !extraction.silent);
    assert_eq!(extraction.decode_errors, None);
    assert_eq!(extraction.source.seconds, Some(SECONDS));
    let samples = decode(&fixture("wav_f32.wav")).unwrap().samples;
    let repeated: Vec<f32> =
        samples.iter().copied().cycle().take(front_end.segment_samples()).collect();
    assert_eq!(extraction.spectrogram, front_end.spectrogram(&repeated).unwrap());
    assert_eq!(extraction.spectrogram.frames(), front_end.segment_frames);
}

#[test]
fn longer_clips_are_not_repeated() {
    let front_end = FrontEnd { segment_frames: 3, ..FrontEnd::paper(8000) };
    let clip = decode(&fixture("wav_f32.wav")).unwrap();
    assert!(clip.samples.len() > front_end.segment_samples());
    let extraction = extract(&fixture("wav_f32.wav"), &front_end).unwrap();
    assert!(!extraction.repeated);
    assert_eq!(extraction.spectrogram, front_end.spectrogram(&clip.samples).unwrap());
}
