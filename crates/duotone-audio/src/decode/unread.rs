//! Recognises unsupported formats by their first bytes, so that the error names the format and the
//! remedy.

use crate::error::Error;
use What::{Audio, Nothing, Video};

/// What a file contains, which determines the remedy.
#[derive(Clone, Copy)]
enum What {
    /// Audio that `ffmpeg` reads, with the usual file extension.
    Audio(&'static str),
    /// Video with audio, with the usual file extension.
    Video(&'static str),
    /// Nothing that `ffmpeg` could extract, with an explanation.
    Nothing(&'static str),
}

/// A format: the offset of its signature, the signature, its name, and what it contains.
struct Format(usize, &'static [u8], &'static str, What);

const NOT_AUDIO: What = Nothing("it contains no audio");
const NOTES: What =
    Nothing("it contains notes, not sound; export it as WAV or FLAC from a music program");
const LIST: What = Nothing("it only points to recordings; pass the recordings themselves");
const PACKED: What = Nothing("unpack it first");

const FORMATS: &[Format] = &[
    Format(0, b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", "Windows Media Audio (WMA)", Audio("wma")),
    Format(0, b"\x7f\xfe\x80\x01", "DTS", Audio("dts")),
    Format(0, b"\xfe\x7f\x01\x80", "DTS", Audio("dts")),
    Format(0, b"\x1f\xff\xe8\x00", "DTS", Audio("dts")),
    Format(0, b"\xff\x1f\x00\xe8", "DTS", Audio("dts")),
    Format(0, b"DTSHDHDR", "DTS", Audio("dtshd")),
    Format(4, b"\xf8\x72\x6f\xba", "Dolby TrueHD", Audio("thd")),
    Format(4, b"\xf8\x72\x6f\xbb", "Meridian Lossless Packing (MLP)", Audio("mlp")),
    Format(0, b"MAC ", "Monkey's Audio (APE)", Audio("ape")),
    Format(0, b"MP+", "Musepack", Audio("mpc")),
    Format(0, b"MPCK", "Musepack", Audio("mpc")),
    Format(0, b"DSD ", "DSD (DSF)", Audio("dsf")),
    Format(0, b"FRM8", "DSD (DSDIFF)", Audio("dff")),
    Format(0, b"TTA1", "True Audio (TTA)", Audio("tta")),
    Format(0, b"TTA2", "True Audio (TTA)", Audio("tta")),
    Format(0, b"tBaK", "TAK", Audio("tak")),
    Format(0, b"wvpk", "WavPack", Audio("wv")),
    Format(0, b"ajkg", "Shorten", Audio("shn")),
    Format(0, b"OFR ", "OptimFROG", Nothing("convert it: ofr --decode in.ofr --output out.wav")),
    Format(0, b"LA02", "Lossless Audio (LA)", Nothing("convert it to WAV with its own decoder")),
    Format(0, b"LA03", "Lossless Audio (LA)", Nothing("convert it to WAV with its own decoder")),
    Format(0, b"LA04", "Lossless Audio (LA)", Nothing("convert it to WAV with its own decoder")),
    Format(0, b"#!AMR", "AMR", Audio("amr")),
    Format(0, b".ra\xfd", "RealAudio", Audio("ra")),
    Format(0, b".RMF", "RealMedia", Audio("rm")),
    Format(0, b"#!SILK_V3", "SILK", Nothing("convert it to WAV with a SILK decoder")),
    Format(0, b"Creative Voice File\x1a", "Creative Voice (VOC)", Audio("voc")),
    Format(0, b"NIST_1A\n", "NIST SPHERE", Audio("nist")),
    Format(0, b"\x64\xa3\x01\x00", "IRCAM sound", Audio("sf")),
    Format(0, b"\x64\xa3\x02\x00", "IRCAM sound", Audio("sf")),
    Format(8, b"8SVX", "8SVX", Audio("8svx")),
    Format(8, b"16SV", "16SV", Audio("16sv")),
    Format(8, b"QLCM", "QCELP", Audio("qcp")),
    Format(8, b"RMID", "MIDI", NOTES),
    Format(0, b"MThd", "MIDI", NOTES),
    Format(0, b"Extended Module: ", "a tracker module (XM)", NOTES),
    Format(0, b"IMPM", "a tracker module (IT)", NOTES),
    Format(44, b"SCRM", "a tracker module (S3M)", NOTES),
    Format(1080, b"M.K.", "a tracker module (MOD)", NOTES),
    Format(0, b"PSID", "Commodore 64 music (SID)", NOTES),
    Format(0, b"RSID", "Commodore 64 music (SID)", NOTES),
    Format(0, b"SNES-SPC700", "Super Nintendo music (SPC)", NOTES),
    Format(0, b"NESM\x1a", "Nintendo music (NSF)", NOTES),
    Format(8, b"AVI ", "AVI video", Video("avi")),
    Format(0, b"FLV\x01", "Flash video (FLV)", Video("flv")),
    Format(0, b"\0\0\x01\xba", "an MPEG program stream", Video("mpg")),
    Format(0, b"\0\0\x01\xb3", "MPEG video", NOT_AUDIO),
    Format(8, b"WEBP", "a WebP picture", NOT_AUDIO),
    Format(4, b"ftypheic", "a HEIF picture", NOT_AUDIO),
    Format(4, b"ftypmif1", "a HEIF picture", NOT_AUDIO),
    Format(4, b"ftypavif", "an AVIF picture", NOT_AUDIO),
    Format(0, b"\x89PNG\r\n", "a PNG picture", NOT_AUDIO),
    Format(0, b"\xff\xd8\xff", "a JPEG picture", NOT_AUDIO),
    Format(0, b"GIF8", "a GIF picture", NOT_AUDIO),
    Format(0, b"II*\0", "a TIFF picture", NOT_AUDIO),
    Format(0, b"MM\0*", "a TIFF picture", NOT_AUDIO),
    Format(0, b"%PDF-", "a PDF document", NOT_AUDIO),
    Format(0, b"\0\x05\x16\x07", "a macOS resource file (AppleDouble)", NOT_AUDIO),
    Format(0, b"SQLite format 3\0", "an SQLite database", NOT_AUDIO),
    Format(0, b"\x89HDF\r\n", "an HDF5 file", NOT_AUDIO),
    Format(0, b"\x93NUMPY", "a NumPy array", NOT_AUDIO),
    Format(0, b"\x7fELF", "a program", NOT_AUDIO),
    Format(0, b"MZ\x90\0", "a program", NOT_AUDIO),
    Format(0, b"L\0\0\0\x01\x14\x02\0", "a Windows shortcut", LIST),
    Format(0, b"#EXTM3U", "a playlist", LIST),
    Format(0, b"PK\x03\x04", "a zip archive", PACKED),
    Format(0, b"\x1f\x8b\x08", "a gzip archive", PACKED),
    Format(0, b"BZh", "a bzip2 archive", PACKED),
    Format(0, b"\xfd7zXZ\0", "an xz archive", PACKED),
    Format(0, b"7z\xbc\xaf\x27\x1c", "a 7z archive", PACKED),
    Format(0, b"\x28\xb5\x2f\xfd", "a Zstandard archive", PACKED),
    Format(0, b"Rar!\x1a\x07", "a RAR archive", PACKED),
    Format(257, b"ustar", "a tar archive", PACKED),
    Format(
        0,
        b"version https://git-lfs",
        "a Git LFS pointer",
        Nothing("it is a placeholder for the recording; fetch that: git lfs pull"),
    ),
    Format(
        0,
        b"/annex/objects/",
        "a git-annex pointer",
        Nothing("it is a placeholder for the recording; fetch that: git annex get"),
    ),
];

/// The first characters of text files, in lower case.
const TEXTS: &[(&[u8], &str, What)] = &[
    (b"<!doctype html", "an HTML page", NOT_AUDIO),
    (b"<html", "an HTML page", NOT_AUDIO),
    (b"[playlist]", "a playlist", LIST),
    (b"<asx", "a playlist", LIST),
    (b"[internetshortcut]", "an Internet shortcut", LIST),
    (b"<?xml", "an XML document", NOT_AUDIO),
];

/// Returns the error for a file that begins with these bytes; `None` if it may be supported.
pub(super) fn error(start: &[u8]) -> Option<Error> {
    let (name, what) = by_signature(start)
        .or_else(|| text(start))
        .or_else(|| ac3(start).map(|name| (name, Audio("ac3"))))
        .or_else(|| adx(start).then_some(("CRI ADX", Audio("adx"))))
        .or_else(|| transport_stream(start).then_some(("an MPEG transport stream", Video("ts"))))?;
    Some(Error::Unsupported(match what {
        Audio(extension) => format!("{name}; convert it: ffmpeg -i in.{extension} out.flac"),
        Video(extension) => {
            format!("{name}; extract its audio: ffmpeg -i in.{extension} -vn out.flac")
        }
        Nothing(why) => format!("{name}; {why}"),
    }))
}

fn by_signature(start: &[u8]) -> Option<(&'static str, What)> {
    let begins = |format: &&Format| start.get(format.0..).is_some_and(|s| s.starts_with(format.1));
    FORMATS.iter().find(begins).map(|format| (format.2, format.3))
}

fn text(start: &[u8]) -> Option<(&'static str, What)> {
    let text = start.strip_prefix(b"\xef\xbb\xbf").unwrap_or(start).trim_ascii_start();
    let lower = text[..text.len().min(20)].to_ascii_lowercase();
    let begins = |form: &&(&[u8], &str, What)| lower.starts_with(form.0);
    TEXTS.iter().find(begins).map(|form| (form.1, form.2))
}

/// Two bytes are too short a signature, so the numbers after them must be valid too.
fn ac3(start: &[u8]) -> Option<&'static str> {
    let [0x0b, 0x77, _, _, sizes, version, ..] = *start else { return None };
    match version >> 3 {
        0..=10 if sizes >> 6 < 3 && sizes & 0x3f < 38 => Some("AC-3"),
        11..=16 => Some("E-AC-3"),
        _ => None,
    }
}

/// The signature comes right before the audio data, whose offset is in the header.
fn adx(start: &[u8]) -> bool {
    let [0x80, 0x00, high, low, ..] = *start else { return false };
    let signature = usize::from(u16::from_be_bytes([high, low])).saturating_sub(2);
    start.get(signature..).is_some_and(|signature| signature.starts_with(b"(c)CRI"))
}

/// Every 188-byte packet begins with the same byte. In some files each is preceded by a four-byte
/// timestamp.
fn transport_stream(start: &[u8]) -> bool {
    [(0, 188), (4, 192)]
        .iter()
        .any(|&(first, size)| (0..4).all(|i| start.get(first + i * size) == Some(&0x47)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(start: &[u8]) -> Option<String> {
        error(start).map(|e| e.to_string())
    }

    #[test]
    fn finds_every_signature() {
        for format in FORMATS {
            let start = [&vec![b' '; format.0][..], format.1].concat();
            assert!(message(&start).unwrap().contains(format.2), "{}", format.2);
        }
    }

    #[test]
    fn errors_name_the_format_and_the_remedy() {
        for (start, expected) in [
            (
                &b"MAC \x96\x0f"[..],
                "unsupported: Monkey's Audio (APE); convert it: ffmpeg -i in.ape out.flac",
            ),
            (
                b"RIFF\0\0\0\0AVI LIST",
                "unsupported: AVI video; extract its audio: ffmpeg -i in.avi -vn out.flac",
            ),
            (b"\xef\xbb\xbf\n <!DOCTYPE HTML>", "unsupported: an HTML page; it contains no audio"),
            (
                b"\x0b\x77\xb7\xa3\x14\x40",
                "unsupported: AC-3; convert it: ffmpeg -i in.ac3 out.flac",
            ),
        ] {
            assert_eq!(message(start).as_deref(), Some(expected));
        }
        let adx = [&b"\x80\0\0\x08\x03\x12(c)CRI"[..], &[0; 9]].concat();
        assert!(message(&adx).unwrap().contains("CRI ADX"));
        let mut stream = vec![0; 800];
        (0..4).for_each(|i| stream[4 + 192 * i] = 0x47);
        assert!(message(&stream).unwrap().contains("an MPEG transport stream"));
    }

    #[test]
    fn accepts_supported_formats() {
        for start in
            [&b""[..], b"R", b"RIFF", b"ID3", b"\x0b\x77", b"\x0b\x77\0\0\xff\xff", b"fLaC"]
        {
            assert_eq!(message(start), None);
        }
        let fixtures =
            std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/audio");
        for entry in std::fs::read_dir(fixtures).unwrap() {
            assert_eq!(message(&std::fs::read(entry.unwrap().path()).unwrap()), None);
        }
    }
}
