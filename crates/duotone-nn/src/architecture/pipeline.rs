//! Pipelines and their blocks, as data.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::published::musicnn;

/// What surrounds the input of a convolution.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Padding {
    /// Nothing: the kernel stays within the input.
    #[default]
    Valid,
    /// Zeros, so that the output has the size of the input. Of an odd number of zeros, the additional one
    /// comes after the input, as in Keras and PyTorch.
    Same,
}

/// What a block computes with weights that are given instead of trained.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Fixed {
    /// The orthonormal discrete cosine transform (DCT-II) over the bands: filter k gives cepstral coefficient
    /// k of a frame. A kernel of 3 frames has twice as many filters: the coefficients of its middle frame,
    /// then half the difference between those of the last and the first frame.
    Cepstrum,
    /// The features of the published network [`Musicnn`](crate::Musicnn), trained on the Million Song
    /// Dataset. The kernel is the whole segment, and each feature counts as a filter. Neither LeakyReLU nor
    /// pooling follows.
    MusicnnMsd,
    /// The same network, trained on MagnaTagATune.
    MusicnnMtt,
}

impl Fixed {
    /// Returns the name of the published network whose weights the block has, if any.
    #[must_use]
    pub fn backbone(self) -> Option<&'static str> {
        match self {
            Self::Cepstrum => None,
            Self::MusicnnMsd => Some("musicnn-msd"),
            Self::MusicnnMtt => Some("musicnn-mtt"),
        }
    }

    /// Returns the filters, (filter, band, frame), if they follow from the sizes of the block.
    pub(crate) fn filters(self, block: &Block) -> Option<Vec<f32>> {
        if self.backbone().is_some() {
            return None;
        }
        let (bands, frames) = block.kernel;
        let coefficients = self.coefficients(block);
        let mut filters = vec![0.0; block.filters * bands * frames];
        for k in 0..coefficients {
            for band in 0..bands {
                let value = dct(k, band, bands);
                let mut set = |filter: usize, frame: usize, value: f64| {
                    filters[(filter * bands + band) * frames + frame] = value as f32;
                };
                set(k, frames / 2, value);
                if frames == 3 {
                    set(coefficients + k, 0, -0.5 * value);
                    set(coefficients + k, 2, 0.5 * value);
                }
            }
        }
        Some(filters)
    }

    /// Returns the number of cepstral coefficients.
    fn coefficients(self, block: &Block) -> usize {
        if block.kernel.1 == 3 { block.filters / 2 } else { block.filters }
    }

    /// Returns why a block with an input of these sizes cannot have such filters.
    pub(crate) fn refusal(
        self,
        block: &Block,
        channels: usize,
        input: (usize, usize),
    ) -> Option<String> {
        match self.backbone() {
            Some(name) => musicnn_refusal(name, block, channels, input),
            None => self.cepstrum_refusal(block, channels, input.0),
        }
    }

    fn cepstrum_refusal(self, block: &Block, channels: usize, bands: usize) -> Option<String> {
        let (height, width) = block.kernel;
        if channels != 1 || height != bands {
            return Some("a cepstrum needs a kernel over all bands of the network's input".into());
        }
        if block.batch_norm {
            return Some("fixed filters have no batch normalisation".into());
        }
        if width != 1 && width != 3 {
            return Some(format!("a cepstrum's kernel has 1 or 3 frames, not {width}"));
        }
        if width == 3 && block.filters % 2 == 1 {
            let filters = block.filters;
            return Some(format!(
                "a cepstrum over 3 frames has an even number of filters, not {filters}"
            ));
        }
        let coefficients = self.coefficients(block);
        (coefficients > bands)
            .then(|| format!("{coefficients} cepstral coefficients of {bands} bands"))
    }
}

fn musicnn_refusal(
    name: &str,
    block: &Block,
    channels: usize,
    input: (usize, usize),
) -> Option<String> {
    let whole = (musicnn::BANDS, musicnn::FRAMES);
    if channels != 1 || input != whole || block.kernel != whole {
        return Some(format!(
            "{name} needs segments of {} bands × {} frames, and a kernel of that size",
            whole.0, whole.1
        ));
    }
    let same =
        Block { filters: block.filters, fixed: block.fixed, ..Block::valid(0, whole, (1, 1)) };
    if *block != same {
        return Some(format!("{name} has neither padding, batch normalisation nor pooling"));
    }
    (block.filters != musicnn::FEATURES)
        .then(|| format!("{name} has {} features, not {}", musicnn::FEATURES, block.filters))
}

/// Returns the weight of a band in coefficient `k` of the orthonormal DCT-II.
fn dct(k: usize, band: usize, bands: usize) -> f64 {
    let scale = if k == 0 { 1.0 } else { 2.0 } / bands as f64;
    let angle = std::f64::consts::PI * k as f64 * (band as f64 + 0.5) / bands as f64;
    scale.sqrt() * angle.cos()
}

/// A convolution, then optionally batch normalisation, LeakyReLU and max-pooling.
///
/// All sizes are (bands, frames): the first along frequency, the second along time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Block {
    /// The number of filters, each of which computes one map.
    pub filters: usize,
    /// The kernel size.
    pub kernel: (usize, usize),
    /// The padding of the convolution.
    #[serde(default)]
    pub padding: Padding,
    /// Whether the sums are normalised over the batch. There is no other bias then.
    #[serde(default)]
    pub batch_norm: bool,
    /// The filters, if they are not trained.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fixed: Option<Fixed>,
    /// The max-pooling window, which is also the stride; rows and columns that do not fill a window are dropped.
    pub pool: (usize, usize),
}

impl Block {
    /// Returns a block of the paper's kind: a 'valid' convolution and its pooling.
    #[must_use]
    pub fn valid(filters: usize, kernel: (usize, usize), pool: (usize, usize)) -> Self {
        Self { filters, kernel, padding: Padding::Valid, batch_norm: false, fixed: None, pool }
    }

    /// Returns the name of the published network that the block is, if any (see [`Fixed::backbone`]).
    #[must_use]
    pub fn backbone(&self) -> Option<&'static str> {
        self.fixed.and_then(Fixed::backbone)
    }

    /// Returns the number of zeros before and after the input of the convolution, each along bands and frames.
    #[must_use]
    pub fn zeros(&self) -> [(usize, usize); 2] {
        let sides = |kernel: usize| match self.padding {
            Padding::Valid => (0, 0),
            Padding::Same => ((kernel - 1) / 2, kernel / 2),
        };
        let (bands, frames) = (sides(self.kernel.0), sides(self.kernel.1));
        [(bands.0, frames.0), (bands.1, frames.1)]
    }
}

/// Batch normalisation adds this number to variances before it takes their square root, as PyTorch does.
pub const BATCH_NORM_EPSILON: f32 = 1e-5;

/// What is left of an axis of the last maps of a pipeline.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Summary {
    /// All of it.
    #[default]
    None,
    /// The mean.
    Mean,
    /// The maximum.
    Max,
    /// The mean and the maximum.
    MeanMax,
    /// The mean and the standard deviation (of the values themselves, with the divisor n).
    MeanStd,
}

impl Summary {
    /// Returns the length of an axis of `len` values after it.
    #[must_use]
    pub fn len(self, len: usize) -> usize {
        match self {
            Self::None => len,
            Self::Mean | Self::Max => 1,
            Self::MeanMax | Self::MeanStd => 2,
        }
    }
}

/// How the last maps of a pipeline are summarised: first over all bands, then over all frames.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GlobalPool {
    /// Over the bands.
    #[serde(default)]
    pub bands: Summary,
    /// Over the frames.
    #[serde(default)]
    pub frames: Summary,
}

/// Blocks one after the other, in parallel with the other pipelines on the same input.
///
/// A pipeline of one 'valid' block without batch normalisation and global pooling is written without a table
/// for the block: `filters`, `kernel` and `pool` are then fields of the pipeline.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "PipelineTable", into = "PipelineTable")]
pub struct Pipeline {
    /// At least one.
    pub blocks: Vec<Block>,
    /// What becomes of the last block's maps.
    pub global_pool: GlobalPool,
}

impl Pipeline {
    /// Returns a pipeline of the paper's kind: one 'valid' convolution and its pooling.
    #[must_use]
    pub fn single(filters: usize, kernel: (usize, usize), pool: (usize, usize)) -> Self {
        let blocks = vec![Block::valid(filters, kernel, pool)];
        Self { blocks, global_pool: GlobalPool::default() }
    }

    /// Returns whether the pipeline is of the paper's kind (see [`single`](Self::single)).
    #[must_use]
    pub fn is_single(&self) -> bool {
        let Some(&Block { filters, kernel, pool, .. }) = self.blocks.first() else { return false };
        *self == Self::single(filters, kernel, pool)
    }

    /// Returns the name of the published network that the pipeline consists of, if any.
    #[must_use]
    pub fn backbone(&self) -> Option<&'static str> {
        self.blocks.first().and_then(Block::backbone)
    }

    /// Returns what the names of a block's weights start with, if this is pipeline `i` of a network.
    #[must_use]
    pub fn block_name(&self, i: usize, block: usize) -> String {
        match self.is_single() {
            true => format!("pipeline{i}"),
            false => format!("pipeline{i}.block{block}"),
        }
    }
}

impl fmt::Display for Pipeline {
    /// Writes each block's filters, kernel and pool, and what global pooling leaves.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, block) in self.blocks.iter().enumerate() {
            let arrow = if i == 0 { "" } else { " → " };
            let Block { filters, kernel, pool, .. } = block;
            if let Some(name) = block.backbone() {
                write!(f, "{filters} features of {name}")?;
                continue;
            }
            write!(f, "{arrow}{filters} of {}×{}", kernel.0, kernel.1)?;
            if block.padding == Padding::Same {
                write!(f, " padded")?;
            }
            if block.fixed == Some(Fixed::Cepstrum) {
                write!(f, ", cepstrum")?;
            }
            if block.batch_norm {
                write!(f, ", batch norm")?;
            }
            write!(f, ", pool {}×{}", pool.0, pool.1)?;
        }
        for (axis, summary) in
            [("bands", self.global_pool.bands), ("frames", self.global_pool.frames)]
        {
            match summary {
                Summary::None => {}
                Summary::Mean => write!(f, " → mean over {axis}")?,
                Summary::Max => write!(f, " → maximum over {axis}")?,
                Summary::MeanMax => write!(f, " → mean and maximum over {axis}")?,
                Summary::MeanStd => write!(f, " → mean and standard deviation over {axis}")?,
            }
        }
        Ok(())
    }
}

/// A pipeline as it is written.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct PipelineTable {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    filters: Option<usize>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    kernel: Option<(usize, usize)>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pool: Option<(usize, usize)>,
    #[serde(default, skip_serializing_if = "is_default")]
    global_pool: GlobalPool,
    #[serde(rename = "block", default, skip_serializing_if = "Vec::is_empty")]
    blocks: Vec<Block>,
}

fn is_default(pool: &GlobalPool) -> bool {
    *pool == GlobalPool::default()
}

impl TryFrom<PipelineTable> for Pipeline {
    type Error = String;

    fn try_from(table: PipelineTable) -> Result<Self, String> {
        let PipelineTable { filters, kernel, pool, global_pool, blocks } = table;
        match (filters, kernel, pool) {
            (None, None, None) if blocks.is_empty() => {
                Err("a pipeline needs `filters`, `kernel` and `pool`, or a table `block`".into())
            }
            (None, None, None) => Ok(Self { blocks, global_pool }),
            _ if !blocks.is_empty() => {
                Err("`filters`, `kernel` and `pool` belong to the blocks of this pipeline".into())
            }
            (Some(filters), Some(kernel), Some(pool)) => {
                Ok(Self { global_pool, ..Self::single(filters, kernel, pool) })
            }
            (None, ..) => Err("missing field `filters`".into()),
            (_, None, _) => Err("missing field `kernel`".into()),
            (.., None) => Err("missing field `pool`".into()),
        }
    }
}

impl From<Pipeline> for PipelineTable {
    fn from(pipeline: Pipeline) -> Self {
        let single = pipeline.is_single();
        let block = pipeline.blocks.first().filter(|_| single);
        Self {
            filters: block.map(|block| block.filters),
            kernel: block.map(|block| block.kernel),
            pool: block.map(|block| block.pool),
            global_pool: pipeline.global_pool,
            blocks: if single { Vec::new() } else { pipeline.blocks },
        }
    }
}
