use std::path::Path;

use duotone_audio::{FrontEnd, Segmenter};
use duotone_nn::{
    Architecture, Block, Fixed, GlobalPool, Musicnn, Optimizer, Padding, Pipeline, Summary,
};
use serde::{Deserialize, Serialize};

use super::{Augmentation, Conditioning, Schedule, Standardize, TrainSettings};
use crate::error::Error;

/// A recipe: an architecture whose number of classes is not yet set, its input, and its default training
/// settings.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ModelSpec {
    /// Name of the preset, or of the TOML file without its extension.
    pub name: String,
    /// The architecture, with 0 classes.
    pub architecture: Architecture,
    /// Whether frames are centred (see [`FrontEnd::centered`]).
    pub centered: bool,
    /// Sample rate in hertz; `None` leaves the choice to the collection.
    pub sample_rate: Option<u32>,
    /// Window and hop in samples; `None` scales the paper's with the sample rate.
    pub window: Option<(usize, usize)>,
    /// The training settings that belong to the architecture.
    pub training: TrainSettings,
}

/// The fields of a recipe file that are not part of the architecture.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct FrontEndTable {
    centered: bool,
    sample_rate: Option<u32>,
    n_fft: Option<usize>,
    hop_length: Option<usize>,
}

/// The largest recipe file, in bytes. Recipes are written by hand and take about a page.
const MAX_FILE: u64 = 1 << 20;

impl ModelSpec {
    /// The names of the presets: a deep network, the paper's, a baseline without a network, and published
    /// networks with a trained output layer.
    pub const PRESETS: [&'static str; 8] =
        ["deep", "model1", "model2", "model2-figure", "model3", "mfcc", "musicnn", "musicnn-mtt"];
    /// The name of the preset that is trained where none is named.
    pub const DEFAULT: &'static str = "deep";

    /// Loads a preset by name, or a recipe from a `.toml` file. The file has the fields of an
    /// [`Architecture`] and, optionally, a table `[front_end]` (`sample_rate`, `n_fft`, `hop_length`,
    /// `centered`) and a table `[training]` with some of the [`TrainSettings`].
    ///
    /// # Errors
    /// [`Error::UnknownPreset`] if there is no such preset; [`Error::Io`]; [`Error::File`] if the
    /// file is not a valid recipe.
    pub fn load(name_or_path: &str) -> Result<Self, Error> {
        let path = Path::new(name_or_path);
        if path.extension().is_some_and(|e| e.eq_ignore_ascii_case("toml")) {
            return Self::from_file(path);
        }
        let unknown =
            || Error::UnknownPreset { name: name_or_path.into(), presets: &Self::PRESETS };
        Self::preset(name_or_path).ok_or_else(unknown)
    }

    /// One of the [presets](Self::PRESETS). Of the paper's, only `model2-figure` has centred frames:
    /// its segments of 124,416 samples do not give 82 frames otherwise.
    #[must_use]
    pub fn preset(name: &str) -> Option<Self> {
        match name {
            "deep" => Some(deep()),
            "mfcc" => Some(mfcc()),
            "musicnn" => Some(musicnn(name, Fixed::MusicnnMsd)),
            "musicnn-mtt" => Some(musicnn(name, Fixed::MusicnnMtt)),
            _ => {
                let architecture = Architecture::preset(name, 0)?;
                Some(Self { centered: name == "model2-figure", ..Self::new(name, architecture) })
            }
        }
    }

    /// What happens to segments before musicnn gets them: its own compression, but at one volume.
    pub(crate) fn musicnn_conditioning() -> Conditioning {
        Conditioning { compression: Some(COMPRESSION), ..Conditioning::default() }
    }

    /// Creates a recipe of an architecture with the paper's front end and training.
    #[must_use]
    pub fn new(name: impl Into<String>, architecture: Architecture) -> Self {
        let (name, training) = (name.into(), TrainSettings::default());
        Self { name, architecture, centered: false, sample_rate: None, window: None, training }
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
        let training = match table.remove("training") {
            Some(toml::Value::Table(changes)) => TrainSettings::default()
                .changed(changes)
                .map_err(|e| refuse(format!("training: {e}")))?,
            Some(_) => return Err(refuse("`training` must be a table".into())),
            None => TrainSettings::default(),
        };
        let window = match (front_end.n_fft, front_end.hop_length) {
            (Some(window), Some(hop)) => Some((window, hop)),
            (None, None) => None,
            _ => return Err(refuse("front_end: give both `n_fft` and `hop_length`".into())),
        };
        let architecture: Architecture = table.try_into().map_err(|e| refuse(e.to_string()))?;
        // The number of classes depends on the collection. Validate with the smallest one.
        architecture.clone().with_classes(2).validate().map_err(|e| refuse(e.to_string()))?;
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let FrontEndTable { centered, sample_rate, .. } = front_end;
        let architecture = architecture.with_classes(0);
        let recipe = Self { name, architecture, centered, sample_rate, window, training };
        let front_end = recipe.front_end(sample_rate.unwrap_or(44_100));
        front_end.validate().map_err(|e| refuse(format!("front_end: {e}")))?;
        recipe
            .training
            .validate_for(front_end.bands, front_end.segment_frames)
            .map_err(|e| refuse(format!("training: {e}")))?;
        Ok(recipe)
    }

    /// The front end at a sample rate in hertz: that of the paper, with the window, hop, bands, frames
    /// and framing of this recipe.
    #[must_use]
    pub fn front_end(&self, sample_rate: u32) -> FrontEnd {
        let paper = FrontEnd::paper(sample_rate);
        let (window, hop) = self.window.unwrap_or((paper.window, paper.hop));
        FrontEnd {
            window,
            hop,
            bands: self.architecture.bands,
            segment_frames: self.architecture.frames,
            centered: self.centered,
            ..paper
        }
    }
}

/// The default, for small collections: two parallel pipelines, a tower of four blocks of 3×3 filters with batch
/// normalisation, and the cepstral statistics of [`mfcc`]. The tower takes the mean over frequency, and the mean
/// and the maximum over time. The input is floored and levelled, so that it hardly depends on the volume.
/// `docs/accuracy.md` compares this network with the paper's and with the tower alone.
fn deep() -> ModelSpec {
    let block = |filters, pool| Block {
        padding: Padding::Same,
        batch_norm: true,
        ..Block::valid(filters, (3, 3), pool)
    };
    let tower = Pipeline {
        blocks: vec![block(16, (2, 2)), block(32, (2, 2)), block(64, (2, 2)), block(64, (3, 2))],
        global_pool: GlobalPool { bands: Summary::Mean, frames: Summary::MeanMax },
    };
    let architecture = Architecture {
        bands: 96,
        frames: 128,
        negative_slope: 0.2,
        hidden_units: 0,
        dropout: 0.3,
        classes: 0,
        pipelines: vec![tower, cepstral_statistics()],
    };
    let training = TrainSettings {
        epochs: 25,
        learning_rate: 0.004,
        batch_size: 32,
        segments: Segmenter::Random(6),
        fresh_segments: true,
        optimizer: Optimizer::AdamW { weight_decay: 0.01 },
        schedule: Schedule::OneCycle,
        augmentation: Augmentation {
            band_mask: 16,
            frame_mask: 24,
            lowpass: 24,
            ..Augmentation::default()
        },
        conditioning: Conditioning { floor: Some(80.0), level: true, compression: None },
        calibrate: 3,
        ..TrainSettings::default()
    };
    ModelSpec {
        name: "deep".into(),
        architecture,
        centered: false,
        sample_rate: Some(22_050),
        window: Some((2048, 512)),
        training,
    }
}

/// A baseline: cepstral statistics and multinomial logistic regression. Its input is that of [`deep`].
fn mfcc() -> ModelSpec {
    let deep = deep();
    let architecture = Architecture {
        negative_slope: 1.0,
        dropout: 0.0,
        pipelines: vec![cepstral_statistics()],
        ..deep.architecture
    };
    let training = TrainSettings {
        epochs: 200,
        segments: Segmenter::Consecutive,
        optimizer: Optimizer::Lbfgs { weight_decay: 0.02 },
        standardize: Standardize::None,
        conditioning: deep.training.conditioning,
        calibrate: 3,
        ..TrainSettings::default()
    };
    ModelSpec { name: "mfcc".into(), architecture, training, ..deep }
}

/// The features of a published network and multinomial logistic regression. Its input is that network's, but at
/// one volume.
fn musicnn(name: &str, fixed: Fixed) -> ModelSpec {
    let (bands, frames) = (Musicnn::BANDS, Musicnn::FRAMES);
    let block =
        Block { fixed: Some(fixed), ..Block::valid(Musicnn::FEATURES, (bands, frames), (1, 1)) };
    let pipeline = Pipeline { blocks: vec![block], global_pool: GlobalPool::default() };
    let mfcc = mfcc();
    let architecture =
        Architecture { bands, frames, pipelines: vec![pipeline], ..mfcc.architecture };
    let training = TrainSettings {
        optimizer: Optimizer::Lbfgs { weight_decay: 0.5 },
        conditioning: ModelSpec::musicnn_conditioning(),
        weight_decays: vec![0.05, 0.2, 0.5, 1.0, 4.0],
        ..mfcc.training
    };
    ModelSpec {
        name: name.into(),
        architecture,
        centered: true,
        sample_rate: Some(16_000),
        window: Some((512, 256)),
        training,
    }
}

/// musicnn's own factor, which then applies to segments of a mean power of 1.
const COMPRESSION: f32 = 10_000.0;

/// 30 mel-frequency cepstral coefficients and their changes: the mean and the standard deviation of each over a
/// segment.
fn cepstral_statistics() -> Pipeline {
    let block = Block { fixed: Some(Fixed::Cepstrum), ..Block::valid(60, (96, 3), (1, 1)) };
    let global_pool = GlobalPool { bands: Summary::None, frames: Summary::MeanStd };
    Pipeline { blocks: vec![block], global_pool }
}

#[cfg(test)]
mod tests {
    use super::ModelSpec;
    use crate::model::{Schedule, TrainSettings};
    use duotone_nn::Architecture;

    fn file(text: &str) -> Result<ModelSpec, crate::error::Error> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("mine.toml");
        std::fs::write(&path, text).unwrap();
        ModelSpec::load(path.to_str().unwrap())
    }

    #[test]
    fn presets() {
        for name in ModelSpec::PRESETS {
            let recipe = ModelSpec::load(name).unwrap();
            let front_end = recipe.front_end(recipe.sample_rate.unwrap_or(44_100));
            front_end.validate().unwrap();
            recipe.training.validate_for(front_end.bands, front_end.segment_frames).unwrap();
            recipe.architecture.clone().with_classes(2).validate().unwrap();
        }
        for name in Architecture::PRESETS {
            let recipe = ModelSpec::load(name).unwrap();
            assert_eq!(recipe.training, TrainSettings::default());
            let front_end = recipe.front_end(44_100);
            assert_eq!(front_end.segment_samples() / front_end.hop, 81);
            assert_eq!(recipe.centered, name == "model2-figure");
            assert_eq!(front_end.bands, if recipe.centered { 80 } else { 40 });
        }
        let message = ModelSpec::load("model9").unwrap_err().to_string();
        assert!(message.contains("model2-figure") && message.contains(".toml"), "{message}");
    }

    fn example(name: &str) -> ModelSpec {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/networks");
        ModelSpec::load(&format!("{folder}/{name}.toml")).unwrap()
    }

    /// `examples/networks/deep.toml` is the preset.
    #[test]
    fn the_example_is_the_preset() {
        assert_eq!(example("deep"), ModelSpec::preset("deep").unwrap());
    }

    #[test]
    fn the_default_has_the_tower_and_the_statistics_of_the_baseline() {
        let [deep, mfcc] = ["deep", "mfcc"].map(|name| ModelSpec::preset(name).unwrap());
        let tower = example("tower");
        let pipelines = [&tower, &mfcc].map(|spec| spec.architecture.pipelines.clone());
        assert_eq!(deep.architecture.pipelines, pipelines.concat());
        assert_eq!(deep.training, tower.training);
        assert_eq!(deep.front_end(22_050), mfcc.front_end(22_050));
    }

    #[test]
    fn from_toml() {
        let toml = Architecture::preset("model3", 7).unwrap().to_toml().unwrap();
        let recipe = file(&toml).unwrap();
        assert_eq!((recipe.name.as_str(), recipe.centered), ("mine", false));
        assert_eq!(recipe.architecture, Architecture::preset("model3", 0).unwrap());
        assert!(file(&format!("{toml}\n[front_end]\ncentered = true")).unwrap().centered);
        let tables = "[front_end]\nsample_rate = 16000\nn_fft = 512\nhop_length = 256\n[training]\n\
                      epochs = 9\nschedule = \"cosine\"\naugmentation = { mixup = 0.2 }";
        let recipe = file(&format!("{toml}\n{tables}")).unwrap();
        let front_end = recipe.front_end(recipe.sample_rate.unwrap());
        assert_eq!((front_end.sample_rate, front_end.window, front_end.hop), (16_000, 512, 256));
        assert_eq!((recipe.training.epochs, recipe.training.schedule), (9, Schedule::Cosine));
        assert_eq!(recipe.training.augmentation.mixup, 0.2);
        assert_eq!(recipe.training.batch_size, 40);
    }

    #[test]
    fn errors_name_the_file() {
        let toml = Architecture::preset("model1", 0).unwrap().to_toml().unwrap();
        for (text, word) in [
            ("bands = ", "mine.toml"),
            ("bands = 40", "frames"),
            (&toml.replace("bands = 40", "bands = 4"), "pipeline 1"),
            (&format!("{toml}\n[front_end]\ncentred = true"), "centred"),
            (&format!("{toml}\n[front_end]\nn_fft = 512"), "hop_length"),
            (&format!("{toml}\n[front_end]\nn_fft = 512\nhop_length = 600"), "hop"),
            (&format!("{toml}\n[training]\nepoch = 9"), "epoch"),
            (&format!("{toml}\n[training]\naugmentation.band_mask = 40"), "band_mask"),
            (&format!("{toml}\n[training]\naugmentation.band_mask = 40"), "40 bands"),
            (&format!("{toml}\n[training]\noptimizer.name = \"adam\""), "adamw"),
        ] {
            let message = file(text).unwrap_err().to_string();
            assert!(message.contains(word) && message.contains("mine.toml"), "{message}");
        }
        assert!(ModelSpec::load("absent.toml").unwrap_err().to_string().contains("absent.toml"));
    }
}
