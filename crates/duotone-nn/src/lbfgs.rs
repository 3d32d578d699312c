//! Limited-memory BFGS (D. C. Liu and J. Nocedal, "On the limited memory BFGS method for large scale
//! optimization", Mathematical Programming 45, 1989).

use std::collections::VecDeque;

/// Number of recent steps from which the curvature is estimated.
const MEMORY: usize = 10;
/// A point counts as the minimum if no component of its gradient is larger than this.
const TOLERANCE: f64 = 1e-7;
/// A step must achieve at least this share of the decrease that the slope predicts.
const SUFFICIENT: f64 = 1e-4;
/// How many times a step is halved before the search ends.
const MAX_HALVINGS: usize = 40;

/// A search for the minimum of a smooth convex function.
pub(crate) struct Lbfgs<F> {
    /// Returns the value at a point, and stores the gradient.
    function: F,
    pub(crate) point: Vec<f64>,
    value: f64,
    gradient: Vec<f64>,
    /// Changes in the point and the gradient over the last steps, the latest first.
    steps: VecDeque<(Vec<f64>, Vec<f64>)>,
}

impl<F: FnMut(&[f64], &mut [f64]) -> f64> Lbfgs<F> {
    pub(crate) fn new(mut function: F, start: Vec<f64>) -> Self {
        let mut gradient = vec![0.0; start.len()];
        let value = function(&start, &mut gradient);
        Self { function, point: start, value, gradient, steps: VecDeque::new() }
    }

    /// Takes one step. Returns `false` if there is none to take: at the minimum, where rounding errors hide
    /// it, or where the function is not finite.
    pub(crate) fn step(&mut self) -> bool {
        if !self.gradient.iter().any(|g| g.abs() > TOLERANCE) {
            return false;
        }
        let direction = self.direction();
        let slope = dot(&direction, &self.gradient);
        let mut length = match self.steps.is_empty() {
            true => 1.0 / dot(&self.gradient, &self.gradient).sqrt().max(1.0),
            false => 1.0,
        };
        let mut gradient = vec![0.0; self.gradient.len()];
        for _ in 0..MAX_HALVINGS {
            let change: Vec<f64> = direction.iter().map(|d| length * d).collect();
            let point: Vec<f64> = self.point.iter().zip(&change).map(|(x, d)| x + d).collect();
            let value = (self.function)(&point, &mut gradient);
            if value <= self.value + SUFFICIENT * length * slope {
                self.accept(change, &gradient);
                (self.point, self.value) = (point, value);
                return true;
            }
            length /= 2.0;
        }
        false
    }

    /// Stores a step and the gradient after it.
    fn accept(&mut self, change: Vec<f64>, gradient: &[f64]) {
        let difference: Vec<f64> =
            gradient.iter().zip(&self.gradient).map(|(new, old)| new - old).collect();
        self.gradient.copy_from_slice(gradient);
        // The curvature is positive, but rounding errors can hide it.
        if dot(&change, &difference) > f64::EPSILON * dot(&difference, &difference) {
            self.steps.push_front((change, difference));
            self.steps.truncate(MEMORY);
        }
    }

    /// Returns the negative gradient multiplied by the estimated inverse Hessian.
    fn direction(&self) -> Vec<f64> {
        let mut direction: Vec<f64> = self.gradient.iter().map(|g| -g).collect();
        let mut shares = Vec::with_capacity(self.steps.len());
        for (change, difference) in &self.steps {
            let share = dot(change, &direction) / dot(change, difference);
            add(&mut direction, -share, difference);
            shares.push(share);
        }
        if let Some((change, difference)) = self.steps.front() {
            let scale = dot(change, difference) / dot(difference, difference);
            direction.iter_mut().for_each(|d| *d *= scale);
        }
        for ((change, difference), share) in self.steps.iter().zip(shares).rev() {
            let other = dot(difference, &direction) / dot(change, difference);
            add(&mut direction, share - other, change);
        }
        direction
    }
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

fn add(to: &mut [f64], factor: f64, values: &[f64]) {
    to.iter_mut().zip(values).for_each(|(x, v)| *x += factor * v);
}

#[cfg(test)]
mod tests {
    use super::Lbfgs;

    /// A valley whose axes differ by a factor of 1000 in curvature.
    #[test]
    fn finds_the_minimum_of_a_valley() {
        let function = |x: &[f64], gradient: &mut [f64]| {
            let curvature = [1000.0, 1.0, 30.0, 0.5];
            let mut value = 0.0;
            for (i, c) in curvature.iter().enumerate() {
                let distance = x[i] - i as f64;
                value += 0.5 * c * distance * distance;
                gradient[i] = c * distance;
            }
            value
        };
        let mut search = Lbfgs::new(function, vec![5.0; 4]);
        let steps = (0..100).take_while(|_| search.step()).count();
        assert!(steps < 30, "{steps}");
        for (i, x) in search.point.iter().enumerate() {
            assert!((x - i as f64).abs() < 1e-6, "{:?}", search.point);
        }
    }

    #[test]
    fn stays_where_the_function_is_not_finite() {
        let function = |_: &[f64], gradient: &mut [f64]| {
            gradient.fill(1.0);
            f64::NAN
        };
        let mut search = Lbfgs::new(function, vec![2.0]);
        assert!(!search.step());
        assert_eq!(search.point, [2.0]);
    }
}
