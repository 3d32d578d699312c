use crate::{Architecture, Error, Weights, reference};

/// A network ready to run.
#[derive(Clone, Debug)]
pub struct Network {
    architecture: Architecture,
    weights: Weights,
}

impl Network {
    /// Binds weights to their architecture.
    ///
    /// # Errors
    /// What [`Architecture::validate`] or [`Weights::check`] finds.
    pub fn new(architecture: &Architecture, weights: &Weights) -> Result<Self, Error> {
        architecture.validate()?;
        weights.check(architecture)?;
        Ok(Self { architecture: architecture.clone(), weights: weights.clone() })
    }

    /// What this network looks like.
    #[must_use]
    pub fn architecture(&self) -> &Architecture {
        &self.architecture
    }

    /// A copy of the weights as they are now.
    #[must_use]
    pub fn weights(&self) -> Weights {
        self.weights.clone()
    }

    /// Logits of a batch: `inputs` holds any number of segments (bands × frames, band-major) one
    /// after the other; the result one row of `classes` values a segment. A segment's logits do
    /// not depend on the others in its batch, nor on the number of threads.
    ///
    /// # Errors
    /// [`Error::Batch`] when `inputs` is not a whole number of segments.
    pub fn logits(&self, inputs: &[f32]) -> Result<Vec<f32>, Error> {
        let a = &self.architecture;
        if inputs.len() % (a.bands * a.frames) != 0 {
            return Err(Error::Batch(format!("{} values", inputs.len())));
        }
        let wide: Vec<f64> = inputs.iter().map(|&x| f64::from(x)).collect();
        let out = reference::forward(a, &reference::widen(&self.weights), &wide, None);
        Ok(out.logits.iter().map(|&x| x as f32).collect())
    }

    /// Softmax of [`logits`](Self::logits).
    ///
    /// # Errors
    /// As [`logits`](Self::logits).
    pub fn probabilities(&self, inputs: &[f32]) -> Result<Vec<f32>, Error> {
        let logits: Vec<f64> = self.logits(inputs)?.iter().map(|&x| f64::from(x)).collect();
        let rows = reference::softmax(&logits, self.architecture.classes);
        Ok(rows.iter().map(|&x| x as f32).collect())
    }
}
