use std::path::Path;

use duotone_audio::FrontEnd;
use duotone_nn::Architecture;
use serde::{Deserialize, Serialize};

use crate::error::Error;

/// A recipe: an architecture without a number of classes yet, and the framing of its input.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ModelSpec {
    /// Name of the preset, or of the TOML file without its extension.
    pub name: String,
    /// The architecture, with 0 classes.
    pub architecture: Architecture,
    /// Whether frames are centred (see [`FrontEnd::centered`]).
    pub centered: bool,
}

/// The fields of a recipe file that are not part of the architecture.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct FrontEndTable {
    #[serde(default)]
    centered: bool,
}

/// Bytes of a recipe file at most. It is written by hand and takes about a page.
const MAX_FILE: u64 = 1 << 20;

impl ModelSpec {
    /// Loads a preset by name, or a recipe from a `.toml` file. The file has the fields of an
    /// [`Architecture`] and, optionally, a table `[front_end]` with `centered = true`.
    ///
    /// # Errors
    /// [`Error::UnknownPreset`] if there is no such preset; [`Error::Io`]; [`Error::File`] if the
    /// file is not a valid recipe.
    pub fn load(name_or_path: &str) -> Result<Self, Error> {
        let path = Path::new(name_or_path);
        if path.extension().is_some_and(|e| e.eq_ignore_ascii_case("toml")) {
            return Self::from_file(path);
        }
        Self::preset(name_or_path).ok_or_else(|| Error::UnknownPreset(name_or_path.into()))
    }

    /// One of the [presets](Architecture::PRESETS). Only `model2-figure` has centred frames: its
    /// segments of 124,416 samples do not give 82 frames otherwise.
    #[must_use]
    pub fn preset(name: &str) -> Option<Self> {
        let architecture = Architecture::preset(name, 0)?;
        Some(Self { name: name.into(), architecture, centered: name == "model2-figure" })
    }

    fn from_file(path: &Path) -> Result<Self, Error> {
        let refuse = |reason: String| Error::File { path: path.into(), reason };
        let about = path.metadata().map_err(Error::io(path))?;
        if !about.is_file() || about.len() > MAX_FILE {
            return Err(refuse("not a regular file, or larger than 1 MiB".into()));
        }
        let text = std::fs::read_to_string(path).map_err(Error::io(path))?;
        let mut table: toml::Table = toml::from_str(&text).map_err(|e| refuse(e.to_string()))?;
        let front_end = match table.remove("front_end") {
            Some(value) => value.try_into().map_err(|e| refuse(format!("front_end: {e}")))?,
            None => FrontEndTable::default(),
        };
        let architecture: Architecture = table.try_into().map_err(|e| refuse(e.to_string()))?;
        // The number of classes depends on the collection. Validate with the smallest one.
        architecture.clone().with_classes(2).validate().map_err(|e| refuse(e.to_string()))?;
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        Ok(Self { name, architecture: architecture.with_classes(0), centered: front_end.centered })
    }

    /// The front end at a sample rate in hertz: that of the paper, with the bands, frames and
    /// framing of this recipe.
    #[must_use]
    pub fn front_end(&self, sample_rate: u32) -> FrontEnd {
        FrontEnd {
            bands: self.architecture.bands,
            segment_frames: self.architecture.frames,
            centered: self.centered,
            ..FrontEnd::paper(sample_rate)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::ModelSpec;
    use duotone_nn::Architecture;

    fn file(text: &str) -> Result<ModelSpec, crate::error::Error> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("mine.toml");
        std::fs::write(&path, text).unwrap();
        ModelSpec::load(path.to_str().unwrap())
    }

    #[test]
    fn presets() {
        for name in Architecture::PRESETS {
            let recipe = ModelSpec::load(name).unwrap();
            let front_end = recipe.front_end(44_100);
            assert_eq!(front_end.segment_samples() / front_end.hop, 81);
            assert_eq!(recipe.centered, name == "model2-figure");
            assert_eq!(front_end.bands, if recipe.centered { 80 } else { 40 });
        }
        let message = ModelSpec::load("model9").unwrap_err().to_string();
        assert!(message.contains("model2-figure") && message.contains(".toml"), "{message}");
    }

    #[test]
    fn from_toml() {
        let toml = Architecture::preset("model3", 7).unwrap().to_toml().unwrap();
        let recipe = file(&toml).unwrap();
        assert_eq!((recipe.name.as_str(), recipe.centered), ("mine", false));
        assert_eq!(recipe.architecture, Architecture::preset("model3", 0).unwrap());
        assert!(file(&format!("{toml}\n[front_end]\ncentered = true")).unwrap().centered);
    }

    #[test]
    fn errors_name_the_file() {
        let toml = Architecture::preset("model1", 0).unwrap().to_toml().unwrap();
        for (text, word) in [
            ("bands = ", "mine.toml"),
            ("bands = 40", "frames"),
            (&toml.replace("bands = 40", "bands = 4"), "pipeline 1"),
            (&format!("{toml}\n[front_end]\ncentred = true"), "centred"),
        ] {
            let message = file(text).unwrap_err().to_string();
            assert!(message.contains(word) && message.contains("mine.toml"), "{message}");
        }
        assert!(ModelSpec::load("absent.toml").unwrap_err().to_string().contains("absent.toml"));
    }
}
