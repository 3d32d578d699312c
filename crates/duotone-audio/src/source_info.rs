/// What a file contains, according to its header and first packet.
#[derive(Clone, Debug, PartialEq)]
pub struct SourceInfo {
    /// Sample rate in hertz.
    pub sample_rate: u32,
    /// Number of channels.
    pub channels: usize,
    /// Common name of the codec: `MP3`, `FLAC`, `PCM 16 bit`.
    pub codec: String,
    /// Length in seconds, if the container states it or the file was decoded.
    pub seconds: Option<f64>,
}
