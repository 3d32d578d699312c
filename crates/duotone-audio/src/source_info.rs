/// What a file says it holds.
#[derive(Clone, Debug, PartialEq)]
pub struct SourceInfo {
    /// Sample rate in hertz.
    pub sample_rate: u32,
    /// Channels.
    pub channels: usize,
    /// Codec, as people call it: `MP3`, `FLAC`, `PCM 16 bit`.
    pub codec: String,
    /// Length in seconds, where the container tells or the file was decoded.
    pub seconds: Option<f64>,
}
