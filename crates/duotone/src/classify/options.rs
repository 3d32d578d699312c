use crate::classify::excerpts::Excerpts;
use crate::classify::vote::Vote;

/// Options for classifying a recording.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct ClassifyOptions {
    /// How the segments decide together.
    pub vote: Vote,
    /// Whether to return the decision on each segment as well.
    pub segments: bool,
    /// Classify only these excerpts. The whole recording is classified if they would cover nearly all
    /// of it, or if its length is unknown.
    pub excerpts: Option<Excerpts>,
    /// The decision is [`UNKNOWN`] if its probability is below this.
    pub min_probability: Option<f64>,
    /// The decision is [`UNKNOWN`] unless decisions with at least its probability were wrong for no more than
    /// this share of the files that were held out in training.
    pub unknown_above_risk: Option<f64>,
}

/// The label of a decision that is not confident enough.
pub const UNKNOWN: &str = "unknown";

impl ClassifyOptions {
    /// Sets [`vote`](Self::vote).
    #[must_use]
    pub fn with_vote(self, vote: Vote) -> Self {
        Self { vote, ..self }
    }

    /// Sets [`segments`](Self::segments).
    #[must_use]
    pub fn with_segments(self, segments: bool) -> Self {
        Self { segments, ..self }
    }

    /// Sets [`excerpts`](Self::excerpts).
    #[must_use]
    pub fn with_excerpts(self, excerpts: Option<Excerpts>) -> Self {
        Self { excerpts, ..self }
    }

    /// Sets [`min_probability`](Self::min_probability).
    #[must_use]
    pub fn with_min_probability(self, min_probability: Option<f64>) -> Self {
        Self { min_probability, ..self }
    }

    /// Sets [`unknown_above_risk`](Self::unknown_above_risk).
    #[must_use]
    pub fn with_unknown_above_risk(self, unknown_above_risk: Option<f64>) -> Self {
        Self { unknown_above_risk, ..self }
    }
}
