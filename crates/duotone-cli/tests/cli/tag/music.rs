//! Music in every format, written by ffmpeg.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Titles, chapters, several values and characters of several scripts.
const TAGS: &str = ";FFMETADATA1\ntitle=Größe 日本\nartist=Zoë\nalbum=Ü \\=\\; x\ngenre=Rock\n\
    date=2003-04-05\ntrack=3/12\nTSOP=Zoe sort\ncomment=Hello\ncustom field=x\n\
    [CHAPTER]\nTIMEBASE=1/1000\nSTART=0\nEND=700\ntitle=Eins\n\
    [CHAPTER]\nTIMEBASE=1/1000\nSTART=700\nEND=1500\ntitle=Zwei ü\n";

/// Each file's name, and ffmpeg's options for it. Those with a picture have `cover` in their names, those
/// without tags begin with `bare`.
const FILES: [(&str, &str); 18] = [
    ("v23_cover.mp3", "-id3v2_version 3"),
    ("v24_cover.mp3", "-id3v2_version 4"),
    ("v23_v1.mp3", "-id3v2_version 3 -write_id3v1 1"),
    ("bare.mp3", "-id3v2_version 0"),
    ("layer2.mp2", ""),
    ("a_cover.flac", ""),
    ("bare.flac", ""),
    ("a.ogg", "-c:a libvorbis"),
    ("a.opus", "-c:a libopus"),
    ("end_cover.m4a", "-c:a aac"),
    ("start_cover.m4a", "-c:a aac -movflags +faststart"),
    ("lossless.m4a", "-c:a alac"),
    ("bare.m4a", "-c:a aac -movflags +faststart"),
    ("a.aac", "-write_id3v2 1"),
    ("a.wav", ""),
    ("bare.wav", ""),
    ("a_cover.aiff", "-write_id3v2 1"),
    ("bare.aiff", ""),
];

/// Whether a program can be started; says what is skipped if not.
pub(super) fn is_there(program: &str, args: &[&str]) -> bool {
    let there = Command::new(program).args(args).output().is_ok_and(|o| o.status.success());
    if !there {
        println!("skipped: {program} {} does not work", args.join(" "));
    }
    there
}

/// Writes the music to `dir/music` and returns its files; `None` without ffmpeg.
pub(super) fn write(dir: &Path) -> Option<Vec<PathBuf>> {
    if !is_there("ffmpeg", &["-version"]) || !is_there("ffprobe", &["-version"]) {
        return None;
    }
    let music = dir.join("tagged");
    fs::create_dir(&music).unwrap();
    fs::write(dir.join("tags.txt"), TAGS).unwrap();
    ffmpeg(dir, "-f lavfi -i testsrc=size=120x120:duration=1 -frames:v 1 cover.png");
    for (number, (name, options)) in FILES.iter().enumerate() {
        let hertz = [220, 2_500][number % 2];
        let (cover, map) = match name.contains("cover") {
            true => ("-i cover.png", "-map 2:v -c:v copy -disposition:v attached_pic"),
            false => ("", ""),
        };
        let tags = match name.starts_with("bare") {
            true => "-map_metadata -1 -map_chapters -1",
            false => "-map_metadata 1",
        };
        ffmpeg(
            dir,
            &format!(
                "-f lavfi -i sine={hertz}:duration=1.5 -i tags.txt {cover} -map 0:a {map} {tags} \
                 {options} tagged/{name}"
            ),
        );
    }
    let mut paths: Vec<PathBuf> = FILES.iter().map(|(name, _)| music.join(name)).collect();
    paths.sort();
    Some(paths)
}

fn ffmpeg(dir: &Path, options: &str) {
    let mut command = Command::new("ffmpeg");
    command.current_dir(dir).args(["-nostdin", "-v", "error", "-y"]);
    let output = command.args(options.split_whitespace()).output().unwrap();
    assert!(output.status.success(), "{options}: {}", String::from_utf8_lossy(&output.stderr));
}

/// Digests of the packets of a file's streams, pictures included, as ffmpeg reads them.
pub(super) fn packets(path: &Path) -> String {
    let mut command = Command::new("ffmpeg");
    command.args(["-nostdin", "-v", "error", "-i"]).arg(path);
    command.args(["-map", "0:a", "-map", "0:v?", "-c", "copy", "-f", "streamhash", "-"]);
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}: {output:?}", path.display());
    String::from_utf8(output.stdout).unwrap()
}

/// A file's tags and chapters as ffprobe reads them: names in small letters.
pub(super) fn probed(path: &Path) -> (BTreeMap<String, String>, serde_json::Value) {
    let mut command = Command::new("ffprobe");
    command.args(["-v", "error", "-of", "json", "-show_format", "-show_streams", "-show_chapters"]);
    let output = command.arg(path).output().unwrap();
    let found: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let mut tags = BTreeMap::new();
    for holder in [&found["streams"][0]["tags"], &found["format"]["tags"]] {
        for (name, value) in holder.as_object().into_iter().flatten() {
            tags.insert(name.to_lowercase(), value.as_str().unwrap().to_owned());
        }
    }
    (tags, found["chapters"].clone())
}

/// Prints every field of a file as mutagen reads it, as JSON; pictures and unknown data as they are.
const MUTAGEN: &str = r#"
import json, sys, mutagen
from mutagen.id3 import ID3, ID3NoHeaderError
def fields(path):
    if path.endswith((".aac", ".mp2")):
        try:
            tags = ID3(path)
        except ID3NoHeaderError:
            tags = None
        file = None
    else:
        file = mutagen.File(path)
        tags = file.tags
    found = {}
    if isinstance(tags, list):
        for key, value in tags:
            found.setdefault(key.lower(), []).append(value)
    elif tags is not None:
        for key, value in tags.items():
            data = getattr(value, "data", None)
            texts = getattr(value, "text", None)
            found[key.lower()] = [repr(data or value)] if texts is None else [str(t) for t in texts]
            if isinstance(value, list):
                found[key.lower()] = [bytes(v).decode("utf-8", "replace") if isinstance(v, bytes) else str(v) for v in value]
    for picture in getattr(file, "pictures", []):
        found.setdefault("pictures", []).append(repr(picture.data) + picture.mime)
    return found
print(json.dumps([fields(path) for path in sys.argv[1:]]))
"#;

/// Every field of files, by name in small letters; `None` without mutagen.
pub(super) fn mutagen(paths: &[PathBuf]) -> Option<Vec<BTreeMap<String, Vec<String>>>> {
    let python = std::env::var("DUOTONE_PYTHON").unwrap_or_else(|_| "python3".into());
    if !is_there(&python, &["-c", "import mutagen"]) {
        return None;
    }
    let output = Command::new(python).args(["-c", MUTAGEN]).args(paths).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Some(serde_json::from_slice(&output.stdout).unwrap())
}
