use crate::classify::excerpts::Excerpts;
use crate::classify::vote::Vote;

/// Options for classifying a recording.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ClassifyOptions {
    /// How the segments decide together.
    pub vote: Vote,
    /// Whether to return the decision on each segment as well.
    pub segments: bool,
    /// Classify only these excerpts. The whole recording is classified if they would cover nearly all
    /// of it, or if its length is unknown.
    pub excerpts: Option<Excerpts>,
}

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
}
