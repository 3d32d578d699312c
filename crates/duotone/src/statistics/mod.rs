//! Statistics for comparing systems, and scores of probabilities.
//!
//! Formulas and sources are in `docs/evaluation.md`; every function is tested against scipy or
//! statsmodels (`scripts/statistics_fixtures.py`).

mod bootstrap;
mod difference;
mod friedman;
mod holm;
mod largest;
mod mcnemar;
pub(crate) mod probabilities;
mod quadrature;
mod sign_flip;
mod studentized_range;
mod tukey;

pub use bootstrap::{Bootstrap, bootstrap};
pub use difference::{Difference, difference};
pub use friedman::{Friedman, friedman};
pub use holm::holm;
pub(crate) use largest::largest;
pub use mcnemar::{McNemar, mcnemar};
pub use studentized_range::{studentized_range_cdf, studentized_range_quantile};
pub use tukey::{Comparison, Pair, tukey_kramer};

use statrs::function::gamma::checked_gamma_ur;

/// Returns the probability that a χ² variable with `df` degrees of freedom exceeds `x`.
fn chi_squared_tail(x: f64, df: f64) -> f64 {
    if x > 0.0 { checked_gamma_ur(df / 2.0, x / 2.0).unwrap_or(f64::NAN) } else { 1.0 }
}

/// Creates the error for an unusable table or level.
fn refused(message: impl Into<String>) -> crate::error::Error {
    crate::error::Error::Input(message.into())
}

#[cfg(test)]
mod tests;
