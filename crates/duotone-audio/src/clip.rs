/// A mono recording in memory.
#[derive(Clone, Debug, PartialEq)]
pub struct Clip {
    /// Samples, nominally within −1..1.
    pub samples: Vec<f32>,
    /// Sample rate in hertz.
    pub rate: u32,
}
