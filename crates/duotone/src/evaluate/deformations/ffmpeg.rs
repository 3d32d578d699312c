//! Encodes clips with ffmpeg, run as an external process with a time limit.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::iter;
use std::path::Path;
use std::time::Duration;

use duotone_audio::{Clip, decode};

use super::kind::Deformation;
use crate::error::Error;
use crate::io::program;
use crate::progress::Observer;

/// Time limit of a clip, beyond its own length.
const LIMIT: Duration = Duration::from_secs(60);
/// Characters of an error message that are reported.
const MAX_MESSAGE: usize = 300;

/// Returns ffmpeg's version, the first line that `ffmpeg -version` prints.
///
/// # Errors
/// [`Error::Interrupted`]; [`Error::Input`] with a reason if it cannot be run.
pub(super) fn version(observer: &dyn Observer) -> Result<String, Error> {
    let folder = tempfile::tempdir().map_err(|e| failed(&e.to_string()))?;
    let printed = run(&["-version"], folder.path(), LIMIT, observer)?;
    Ok(printed.lines().next().unwrap_or_default().trim().to_owned())
}

/// Encodes a clip of one or two channels, decodes it, and mixes it to mono.
///
/// # Errors
/// [`Error::Interrupted`]; [`Error::Input`] with a reason if ffmpeg cannot encode the clip.
pub(super) fn encode_and_decode(
    deformation: Deformation,
    channels: &[Clip],
    observer: &dyn Observer,
) -> Result<Clip, Error> {
    let (encoder, kilobits, output) = match deformation {
        Deformation::Mp3(kilobits) => ("libmp3lame", kilobits, "coded.mp3"),
        Deformation::Aac(kilobits) => ("aac", kilobits, "coded.m4a"),
        other => return Err(failed(&format!("{other} is not a codec"))),
    };
    let folder = tempfile::tempdir().map_err(|e| failed(&e.to_string()))?;
    let input = folder.path().join("clip.wav");
    write_wav(&input, channels).map_err(|e| failed(&e.to_string()))?;
    let rate = format!("{kilobits}k");
    let arguments = [
        &["-nostdin", "-v", "error", "-f", "wav", "-i", "clip.wav"][..],
        &["-c:a", encoder, "-b:a", &rate, output],
    ];
    let seconds =
        channels.iter().map(|clip| clip.samples.len() as u64 / u64::from(clip.rate.max(1)));
    let limit = LIMIT + Duration::from_secs(seconds.max().unwrap_or(0));
    run(&arguments.concat(), folder.path(), limit, observer)?;
    decode(&folder.path().join(output)).map_err(|e| failed(&format!("its output: {e}")))
}

fn failed(reason: &str) -> Error {
    Error::Input(format!("ffmpeg: {reason}"))
}

/// Runs ffmpeg in a folder, and returns what it printed.
fn run(
    arguments: &[&str],
    folder: &Path,
    limit: Duration,
    observer: &dyn Observer,
) -> Result<String, Error> {
    let words: Vec<OsString> = iter::once(&"ffmpeg").chain(arguments).map(OsString::from).collect();
    let log = folder.join("log");
    let ended = program::run(&words, folder, limit, &log, &|| observer.stop())?;
    let printed = fs::read(&log).unwrap_or_default();
    let printed = String::from_utf8_lossy(&printed).into_owned();
    match ended.failure {
        None => Ok(printed),
        Some(_) if ended.missing => Err(failed("not installed")),
        Some(failure) => {
            let start: String = printed.trim().chars().take(MAX_MESSAGE).collect();
            Err(failed(format!("{failure}: {start}").trim_end_matches(": ")))
        }
    }
}

/// Writes a WAV file of 32-bit floats.
fn write_wav(path: &Path, channels: &[Clip]) -> io::Result<()> {
    let frames = channels.iter().map(|clip| clip.samples.len()).min().unwrap_or(0);
    let rate = channels.first().map_or(0, |clip| clip.rate);
    let block = 4 * channels.len() as u16;
    let size = frames as u32 * u32::from(block);
    let mut file = BufWriter::new(File::create(path)?);
    file.write_all(b"RIFF")?;
    file.write_all(&(36 + size).to_le_bytes())?;
    file.write_all(b"WAVEfmt \x10\0\0\0\x03\0")?;
    file.write_all(&(channels.len() as u16).to_le_bytes())?;
    file.write_all(&rate.to_le_bytes())?;
    file.write_all(&(rate * u32::from(block)).to_le_bytes())?;
    file.write_all(&block.to_le_bytes())?;
    file.write_all(b"\x20\0data")?;
    file.write_all(&size.to_le_bytes())?;
    for frame in 0..frames {
        for clip in channels {
            file.write_all(&clip.samples[frame].to_le_bytes())?;
        }
    }
    file.flush()
}

#[cfg(test)]
mod tests {
    use std::f32::consts::TAU;
    use std::time::Duration;

    use duotone_audio::{Clip, decode_channels};

    use super::super::noise::power;
    use super::{Deformation, encode_and_decode, run, version, write_wav};
    use crate::error::Error;
    use crate::progress::Observer;

    fn tone(hertz: f32) -> Clip {
        let sample = |i: usize| 0.4 * (TAU * hertz * i as f32 / 44_100.0).sin();
        Clip { samples: (0..44_100).map(sample).collect(), rate: 44_100 }
    }

    /// Whether ffmpeg is installed; says so if not.
    fn installed() -> bool {
        let found = version(&());
        if let Err(reason) = &found {
            eprintln!("skipped: {reason}");
        }
        found.is_ok()
    }

    #[test]
    fn coded_clips_are_aligned_and_close() {
        if !installed() {
            return;
        }
        assert!(version(&()).unwrap().starts_with("ffmpeg version"));
        for deformation in [Deformation::Mp3(64), Deformation::Aac(96)] {
            let (left, right) = (tone(440.0), tone(1_000.0));
            let coded = match encode_and_decode(deformation, &[left.clone(), right.clone()], &()) {
                Err(e) if e.to_string().contains("ncoder") => {
                    eprintln!("skipped: {deformation}: {e}");
                    continue;
                }
                other => other.unwrap(),
            };
            assert_eq!(coded.rate, 44_100);
            let mixed = left.samples.iter().zip(&right.samples).map(|(l, r)| (l + r) * 0.5);
            let mixed: Vec<f32> = mixed.collect();
            let off: Vec<f32> = coded.samples.iter().zip(&mixed).map(|(a, b)| a - b).collect();
            let error = power(&off[4_410..39_690]) / power(&mixed[4_410..39_690]);
            assert!(error < 0.01, "{deformation}: {error}");
            assert!(error > 1e-9, "{deformation} changed nothing");
            assert_eq!(
                coded.samples,
                encode_and_decode(deformation, &[left, right], &()).unwrap().samples
            );
        }
    }

    #[test]
    fn failures_are_described() {
        if !installed() {
            return;
        }
        let folder = tempfile::tempdir().unwrap();
        let limit = Duration::from_secs(60);
        let error = run(&["-v", "error", "-i", "none.wav", "x.mp3"], folder.path(), limit, &());
        let error = error.unwrap_err().to_string();
        assert!(
            error.contains("ffmpeg: ended with exit code") && error.contains("none.wav"),
            "{error}"
        );
        // It would run for an hour.
        let endless =
            ["-v", "error", "-re", "-f", "lavfi", "-i", "anullsrc", "-t", "3600", "x.wav"];
        let error = run(&endless, folder.path(), Duration::from_millis(200), &()).unwrap_err();
        assert!(error.to_string().contains("time limit"), "{error}");
        let stopped = run(&endless, folder.path(), limit, &Stopped);
        assert!(matches!(stopped, Err(Error::Interrupted)));
    }

    struct Stopped;

    impl Observer for Stopped {
        fn stop(&self) -> bool {
            true
        }
    }

    #[test]
    fn written_samples_are_exact() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.wav");
        let stereo = vec![tone(440.0), tone(1_000.0)];
        write_wav(&path, &stereo).unwrap();
        assert_eq!(decode_channels(&path).unwrap(), stereo);
    }
}
