//! A range of a file has exactly the samples of the whole file in that range, however the format
//! seeks.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod flac_writer;

use std::ops::Range;
use std::path::{Path, PathBuf};

use duotone_audio::{
    Error, FrontEnd, Measured, Segmenter, Spectrogram, decode, extract, extract_pieces,
    extract_range,
};

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/audio")
}

/// Compares each range with the same samples cut from the whole decoded file.
#[track_caller]
fn check(path: &Path, ranges: &[Range<f64>]) {
    let clip = decode(path).unwrap();
    // With segments of one frame, no range is short enough to be repeated.
    let front_end = FrontEnd { segment_frames: 1, ..FrontEnd::paper(clip.rate) };
    let measured = Measured::open(path).unwrap();
    for range in ranges {
        let (decoded, extraction) = extract_range(path, &front_end, range.clone()).unwrap();
        let (again, same) = measured.extract_range(&front_end, range.clone()).unwrap();
        assert_eq!(again, decoded);
        assert_eq!(same.spectrogram, extraction.spectrogram, "{} in {range:?}", path.display());
        let sample = |seconds: f64| (seconds * f64::from(clip.rate)).round() as usize;
        let end = sample(range.end).min(clip.samples.len());
        let cut = &clip.samples[sample(range.start)..end];
        let decoded = (sample(decoded.start), sample(decoded.end));
        assert_eq!(decoded, (sample(range.start), end), "{} in {range:?}", path.display());
        let expected = front_end.spectrogram(cut).unwrap();
        assert_eq!(extraction.spectrogram.frames(), expected.frames(), "{}", path.display());
        let largest = expected.data().iter().copied().fold(f32::MIN, f32::max);
        for (&got, &wanted) in extraction.spectrogram.data().iter().zip(expected.data()) {
            if wanted > largest - 6.0 {
                let place = format!("{} in {range:?}", path.display());
                assert!((got - wanted).abs() < 1e-3, "{got} instead of {wanted} of {place}");
            }
        }
    }
}

#[test]
fn ranges_of_every_format() {
    let mut checked = 0;
    for entry in std::fs::read_dir(fixtures()).unwrap() {
        let path = entry.unwrap().path();
        check(&path, &[0.0..0.1, 0.1..0.2, 0.05..0.2]);
        checked += 1;
    }
    assert!(checked > 30, "{checked}");
}

/// Tests files of half a minute and more, in formats whose files can be concatenated.
#[test]
fn ranges_of_long_files() {
    let folder = tempfile::tempdir().unwrap();
    for (name, times) in [
        ("mp3_no_header.mp3", 140),
        ("mp3_no_header_mono.mp3", 140),
        ("mp3_44k.mp3", 120),
        ("mp2_44k.mp2", 120),
        ("mp2_22k.mp2", 120),
    ] {
        let path = folder.path().join(name);
        std::fs::write(&path, std::fs::read(fixtures().join(name)).unwrap().repeat(times)).unwrap();
        check(&path, &[3.0..4.0, 20.0..21.5, 20.1..20.3, 1.0..1.5]);
    }
    let signal = |i: u32| ((f64::from(i) * f64::from(i) * 1e-5).sin() * 12_000.0) as i16;
    let samples: Vec<i16> = (0..30 * 8000).map(signal).collect();
    let au = [0x2e73_6e64, 24, u32::MAX, 3, 8000, 1].map(u32::to_be_bytes).concat();
    let path = folder.path().join("long.au");
    let big_endian = samples.iter().flat_map(|x| x.to_be_bytes()).collect::<Vec<_>>();
    std::fs::write(&path, [au, big_endian].concat()).unwrap();
    check(&path, &[3.0..4.0, 20.0..21.5, 28.9..30.0, 1.0..1.5]);
    let path = folder.path().join("long.flac");
    for sizes in [&[4096][..], &[64], &[1000, 17, 4096, 192]] {
        std::fs::write(&path, flac_writer::file(8000, &samples, sizes)).unwrap();
        check(&path, &[3.0..4.0, 20.0..21.5, 28.9..30.0, 1.0..1.5]);
    }
}

/// Half a minute of 16-bit stereo at 8 kHz, in blocks of `packets` samples in turn. The blocks'
/// timestamps are whole milliseconds.
fn matroska(packets: &[usize]) -> Vec<u8> {
    const CLUSTER: [u8; 4] = [0x1f, 0x43, 0xb6, 0x75];
    let mut file = std::fs::read(fixtures().join("pcm_s16le.mka")).unwrap();
    let segment = file.windows(4).position(|w| w == [0x18, 0x53, 0x80, 0x67]).unwrap();
    let cluster = file.windows(4).position(|w| w == CLUSTER).unwrap();
    file.truncate(cluster);
    // An unknown size, in eight bytes.
    file[segment + 4..segment + 12].copy_from_slice(&[1, 255, 255, 255, 255, 255, 255, 255]);
    let value = |i: usize| ((i as f64 * i as f64 * 1e-5).sin() * 12_000.0) as i16;
    let (mut at, mut started) = (0, usize::MAX);
    for &packet in packets.iter().cycle() {
        let time = (at + 4) / 8;
        if time / 5000 != started {
            started = time / 5000;
            file.extend(CLUSTER);
            file.extend([1, 255, 255, 255, 255, 255, 255, 255, 0xe7, 0x84]);
            file.extend((started as u32 * 5000).to_be_bytes());
        }
        let bytes = 4 + 4 * packet as u32;
        file.extend([&[0xa3, 0x10][..], &bytes.to_be_bytes()[1..], &[0x81]].concat());
        file.extend(((time % 5000) as u16).to_be_bytes());
        file.push(0x80);
        file.extend((at..at + packet).flat_map(|i| [value(i); 2]).flat_map(i16::to_le_bytes));
        at += packet;
        if at > 30 * 8000 {
            return file;
        }
    }
    file
}

/// Timestamps that are coarser than a sample identify a packet if all packets have the same length.
#[test]
fn ranges_of_matroska_with_coarse_timestamps() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("long.mka");
    for packets in [&[205][..], &[1024], &[160, 161, 163], &[500, 20, 20, 20], &[9]] {
        std::fs::write(&path, matroska(packets)).unwrap();
        assert_eq!(decode(&path).unwrap().samples.len() / 8000, 30);
        check(&path, &[3.0..4.0, 20.0..21.5, 20.1..20.3, 28.9..30.0, 1.0..1.5, 0.0..0.2]);
    }
}

/// Tests a variable bit rate, where positions in the file and in the recording are not
/// proportional, and concatenated files with headers and tags between their frames.
#[test]
fn ranges_of_mp3_at_every_second() {
    let cases = fixtures().parent().unwrap().join("cases");
    let starts = |seconds: u32| (0..seconds).map(|s| f64::from(s) + 0.123..f64::from(s) + 0.6);
    check(&cases.join("vbr_with_xing.mp3"), &starts(9).collect::<Vec<_>>());
    check(&cases.join("joined_three.mp3"), &starts(6).collect::<Vec<_>>());
}

/// The pieces of a recording join to the whole and have the requested length.
#[test]
fn pieces_join_to_the_whole() {
    let path = fixtures().join("wav_96k.wav");
    for centered in [false, true] {
        let front_end = FrontEnd { segment_frames: 2, centered, ..FrontEnd::paper(48_000) };
        let whole = extract(&path, &front_end).unwrap().spectrogram;
        for frames in [1, 3, 5, 1000] {
            let mut pieces = Vec::new();
            let last = extract_pieces(&path, &front_end, frames, frames, |piece| {
                assert_eq!(piece.frames(), frames);
                pieces.push(piece);
                Ok::<_, Error>(())
            });
            pieces.push(last.unwrap().spectrogram);
            for band in 0..front_end.bands {
                let joined: Vec<f32> = pieces.iter().flat_map(|p| p.band(band)).copied().collect();
                assert_eq!(joined, whole.band(band), "pieces of {frames}");
            }
        }
    }
}

/// Consecutive segments cut from pieces are those of the whole, for any framing. No segment is lost
/// or repeated where two pieces meet.
#[test]
fn pieces_contain_every_segment_once() {
    let path = fixtures().join("wav_96k.wav");
    let mut sizes = Vec::new();
    for centered in [false, true] {
        for (window, hop) in [(256, 128), (256, 256), (400, 90), (512, 64)] {
            for segment_frames in [1, 2, 5, 9] {
                let paper = FrontEnd::paper(8000);
                sizes.push(FrontEnd { window, hop, segment_frames, centered, bands: 8, ..paper });
            }
        }
    }
    for front_end in sizes {
        let whole = extract(&path, &front_end).unwrap().spectrogram;
        let expected = segments(&front_end, &whole);
        for count in [1, 2, 3] {
            let step = count * front_end.segment_hops();
            let mut found = Vec::new();
            let last =
                extract_pieces(&path, &front_end, front_end.piece_frames(count), step, |piece| {
                    found.extend(segments(&front_end, &piece));
                    Ok::<_, Error>(())
                });
            found.extend(segments(&front_end, &last.unwrap().spectrogram));
            assert_eq!(found, expected, "{count} segments per piece, {front_end:?}");
        }
    }
}

/// The values of a spectrogram's consecutive segments.
fn segments(front_end: &FrontEnd, spectrogram: &Spectrogram) -> Vec<Vec<f32>> {
    let frames = front_end.segment_frames;
    let starts = Segmenter::Consecutive.starts(
        spectrogram.frames(),
        frames,
        front_end.segment_hops(),
        |_| 0,
    );
    let segment = |start: usize| {
        (0..front_end.bands).flat_map(move |b| spectrogram.band(b)[start..start + frames].to_vec())
    };
    starts.into_iter().map(|start| segment(start).collect()).collect()
}

#[test]
fn ranges_after_the_end_are_errors() {
    let path = fixtures().join("wav_s16.wav");
    let front_end = FrontEnd { segment_frames: 2, ..FrontEnd::paper(8000) };
    let (decoded, _) = extract_range(&path, &front_end, 0.1..9.0).unwrap();
    assert!((decoded.end - 0.25).abs() < 1e-3);
    for range in [7.0..8.0, 0.1..0.1, f64::INFINITY..f64::NAN] {
        let error = extract_range(&path, &front_end, range).unwrap_err();
        assert!(matches!(error, Error::NoAudio), "{error}");
    }
}

/// A recording whose samples are all equal is silent, whatever their level and however they are
/// read.
#[test]
fn constant_recordings_are_silent() {
    let front_end = FrontEnd::paper(22_050);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("constant.wav");
    // 16-bit mono at 44.1 kHz.
    let write = |level: i16, last: i16| {
        let mut data: Vec<u8> = level.to_le_bytes().repeat(300_000);
        data.extend(last.to_le_bytes());
        let length = data.len() as u32;
        let mut wav = [b"RIFF", &(36 + length).to_le_bytes()[..], b"WAVEfmt "].concat();
        for number in [16, 0x1_0001, 44_100, 88_200, 0x10_0002] {
            wav.extend(u32::to_le_bytes(number));
        }
        wav.extend([&b"data"[..], &length.to_le_bytes()].concat());
        wav.extend(data);
        std::fs::write(&path, wav).unwrap();
    };
    for (level, last, silent) in [(8_000, 8_000, true), (0, 0, true), (8_000, 9_000, false)] {
        write(level, last);
        let samples = decode(&path).unwrap().samples;
        assert_eq!(extract(&path, &front_end).unwrap().silent, silent, "{level}");
        let of_samples = duotone_audio::extract_samples(&samples, 44_100, &front_end).unwrap();
        assert_eq!(of_samples.silent, silent, "{level}");
        let (_, range) = extract_range(&path, &front_end, 5.0..10.0).unwrap();
        assert_eq!(range.silent, silent, "{level}");
    }
}
