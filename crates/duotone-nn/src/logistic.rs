//! Multinomial logistic regression: training of an output layer whose inputs do not change.

use rayon::prelude::*;

use crate::dense::DenseLayer;
use crate::error::Error;
use crate::head::largest;
use crate::lbfgs::Lbfgs;
use crate::reference;

/// An output layer and its scores on the segments that it was trained on.
#[derive(Clone, Debug, PartialEq)]
pub struct OutputFit {
    /// The weights, (class, input).
    pub weight: Vec<f32>,
    /// The bias of each class.
    pub bias: Vec<f32>,
    /// The mean cross-entropy in nats, without the penalty on the weights.
    pub loss: f64,
    /// The number of segments whose most probable class is the one with the highest target.
    pub correct: usize,
}

impl OutputFit {
    /// Returns the mean cross-entropy and the accuracy on other segments; `None` if there are none. `inputs`
    /// is (segment, input).
    #[must_use]
    pub fn score(&self, inputs: &[f32], labels: &[u32]) -> Option<(f64, f64)> {
        if labels.is_empty() {
            return None;
        }
        let classes = self.bias.len();
        let logits = self.logits(inputs);
        let rows = logits.chunks_exact(classes).zip(labels);
        let correct = rows.filter(|(row, label)| largest(row) == Some(**label as usize)).count();
        let accuracy = correct as f64 / labels.len() as f64;
        Some((reference::loss(&logits, labels, classes), accuracy))
    }

    /// Returns the logits of other segments, (segment, class).
    #[must_use]
    pub fn logits(&self, inputs: &[f32]) -> Vec<f64> {
        let classes = self.bias.len();
        let layer = DenseLayer { weight: &self.weight, bias: &self.bias };
        let mut row = vec![0.0; classes];
        let mut logits = Vec::new();
        for input in inputs.chunks_exact(self.weight.len() / classes) {
            layer.forward(input, &mut row);
            logits.extend(row.iter().map(|&x| f64::from(x)));
        }
        logits
    }
}

/// Minimises the mean cross-entropy plus `weight_decay` / 2 times the sum of the squared weights, by L-BFGS
/// from weights of zero. The penalty applies to inputs scaled to a standard deviation of 1, but the layer
/// returned takes unscaled inputs. With `weight_decay` = 1 / (C n), the result is that of scikit-learn's
/// `LogisticRegression(C=C)` on n scaled segments.
///
/// `inputs` is (segment, input), `targets` is (segment, class): a probability for each class, as for
/// [`Trainer::step_with_targets`](crate::Trainer::step_with_targets). `each` is called after every iteration
/// and returns whether to continue.
///
/// # Errors
/// [`Error::Batch`] if there are no segments or the sizes do not match.
pub fn fit_output(
    inputs: &[f32],
    targets: &[f32],
    classes: usize,
    weight_decay: f32,
    mut each: impl FnMut(&OutputFit) -> bool,
) -> Result<OutputFit, Error> {
    let segments = targets.len() / classes.max(1);
    if segments == 0
        || targets.len() != segments * classes
        || !inputs.len().is_multiple_of(segments)
    {
        let (inputs, targets) = (inputs.len(), targets.len());
        return Err(Error::Batch(format!(
            "{inputs} inputs and {targets} targets of {classes} classes"
        )));
    }
    let data = Data::new(inputs, targets, classes);
    let objective = |parameters: &[f64], gradient: &mut [f64]| {
        data.objective(parameters, f64::from(weight_decay), gradient)
    };
    let mut search = Lbfgs::new(objective, vec![0.0; classes * (data.width + 1)]);
    let mut fit = data.fit(&search.point);
    while search.step() {
        fit = data.fit(&search.point);
        if !each(&fit) {
            break;
        }
    }
    Ok(fit)
}

/// The segments, their inputs scaled to mean 0 and deviation 1.
struct Data<'a> {
    scaled: Vec<f32>,
    /// Number of inputs that vary. The others get weights of 0.
    width: usize,
    columns: Vec<Column>,
    targets: &'a [f32],
    classes: usize,
}

/// An input of the layer.
struct Column {
    mean: f64,
    /// `None` if it hardly varies: scaling it would amplify noise.
    std: Option<f64>,
}

impl<'a> Data<'a> {
    fn new(inputs: &[f32], targets: &'a [f32], classes: usize) -> Self {
        let segments = targets.len() / classes;
        let all = inputs.len() / segments;
        let (mut mean, mut variance) = (vec![0.0; all], vec![0.0; all]);
        for row in inputs.chunks_exact(all.max(1)) {
            mean.iter_mut().zip(row).for_each(|(m, &x)| *m += f64::from(x) / segments as f64);
        }
        for row in inputs.chunks_exact(all.max(1)) {
            for ((s, m), &x) in variance.iter_mut().zip(&mean).zip(row) {
                *s += (f64::from(x) - m).powi(2) / segments as f64;
            }
        }
        let column = |(mean, variance): (f64, f64)| Column {
            mean,
            std: Some(variance.sqrt()).filter(|&std| std >= MIN_STD),
        };
        let columns: Vec<Column> = mean.into_iter().zip(variance).map(column).collect();
        let mut scaled = Vec::new();
        for row in inputs.chunks_exact(all.max(1)) {
            let scale = |(&x, column): (&f32, &Column)| {
                column.std.map(|std| ((f64::from(x) - column.mean) / std) as f32)
            };
            scaled.extend(row.iter().zip(&columns).filter_map(scale));
        }
        let width = columns.iter().filter(|column| column.std.is_some()).count();
        Self { scaled, width, columns, targets, classes }
    }

    /// The segments `from` to `to`.
    fn rows(&self, from: usize, to: usize) -> impl Iterator<Item = (&[f32], &[f32])> {
        let targets =
            self.targets[from * self.classes..to * self.classes].chunks_exact(self.classes);
        let row =
            move |(i, targets)| (&self.scaled[(from + i) * self.width..][..self.width], targets);
        targets.enumerate().map(row)
    }

    fn segments(&self) -> usize {
        self.targets.len() / self.classes
    }

    /// Calls `work` with the range of each group of segments, and returns the results in their order.
    fn groups<T: Send>(&self, work: impl Fn(usize, usize) -> T + Sync + Send) -> Vec<T> {
        let segments = self.segments();
        let group = |i: usize| work(i * GROUP, ((i + 1) * GROUP).min(segments));
        (0..segments.div_ceil(GROUP)).into_par_iter().map(group).collect()
    }

    /// Stores the logits of a segment. The parameters are stored class by class: the weights, then the bias.
    fn logits(&self, parameters: &[f64], row: &[f32], logits: &mut [f64]) {
        for (logit, class) in logits.iter_mut().zip(parameters.chunks_exact(self.width + 1)) {
            let products = row.iter().zip(class).map(|(&x, w)| f64::from(x) * w);
            *logit = products.sum::<f64>() + class[self.width];
        }
    }

    /// Returns the penalised loss and stores its gradient.
    fn objective(&self, parameters: &[f64], decay: f64, gradient: &mut [f64]) -> f64 {
        let sums = self.groups(|from, to| self.loss_of(parameters, from, to));
        let mut loss = 0.0;
        gradient.fill(0.0);
        for (group_loss, group_gradient) in sums {
            loss += group_loss;
            gradient.iter_mut().zip(group_gradient).for_each(|(g, x)| *g += x);
        }
        let classes = parameters.chunks_exact(self.width + 1);
        for (class, gradient) in classes.zip(gradient.chunks_exact_mut(self.width + 1)) {
            for (w, g) in class[..self.width].iter().zip(gradient) {
                loss += 0.5 * decay * w * w;
                *g += decay * w;
            }
        }
        loss
    }

    /// Returns the part of the loss, without the penalty, and of its gradient that a group of segments adds.
    fn loss_of(&self, parameters: &[f64], from: usize, to: usize) -> (f64, Vec<f64>) {
        let segments = self.segments() as f64;
        let mut loss = 0.0;
        let mut logits = vec![0.0; self.classes];
        let mut gradient = vec![0.0; parameters.len()];
        for (row, targets) in self.rows(from, to) {
            self.logits(parameters, row, &mut logits);
            loss += cross_entropy(&logits, targets) / segments;
            let total: f64 = targets.iter().map(|&t| f64::from(t)).sum();
            let log_sum = log_sum_exp(&logits);
            let classes = gradient.chunks_exact_mut(self.width + 1);
            for ((gradient, logit), &target) in classes.zip(&logits).zip(targets) {
                let error = ((logit - log_sum).exp() * total - f64::from(target)) / segments;
                gradient.iter_mut().zip(row).for_each(|(g, &x)| *g += error * f64::from(x));
                gradient[self.width] += error;
            }
        }
        (loss, gradient)
    }

    /// Returns the layer for unscaled inputs, and its scores.
    fn fit(&self, parameters: &[f64]) -> OutputFit {
        let (mut weight, mut bias) = (Vec::new(), Vec::new());
        for class in parameters.chunks_exact(self.width + 1) {
            let mut scaled = class.iter();
            let mut shift = 0.0;
            for column in &self.columns {
                let w = match column.std {
                    Some(std) => scaled.next().map_or(0.0, |w| w / std),
                    None => 0.0,
                };
                shift += w * column.mean;
                weight.push(w as f32);
            }
            bias.push((class[self.width] - shift) as f32);
        }
        let scores = self.groups(|from, to| {
            let (mut loss, mut correct) = (0.0, 0);
            let mut logits = vec![0.0; self.classes];
            for (row, targets) in self.rows(from, to) {
                self.logits(parameters, row, &mut logits);
                loss += cross_entropy(&logits, targets);
                correct += usize::from(largest(&logits) == largest(targets));
            }
            (loss, correct)
        });
        let loss: f64 = scores.iter().map(|(loss, _)| loss).sum();
        OutputFit {
            weight,
            bias,
            loss: loss / self.segments() as f64,
            correct: scores.iter().map(|(_, correct)| correct).sum(),
        }
    }
}

/// Inputs with a standard deviation below this count as constant.
const MIN_STD: f64 = 1e-6;
/// Segments whose gradients are summed before the sums of all groups are, so that every sum has one order.
const GROUP: usize = 128;

fn log_sum_exp(logits: &[f64]) -> f64 {
    let max = logits.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    max + logits.iter().map(|x| (x - max).exp()).sum::<f64>().ln()
}

fn cross_entropy(logits: &[f64], targets: &[f32]) -> f64 {
    let log_sum = log_sum_exp(logits);
    logits.iter().zip(targets).map(|(x, &target)| f64::from(target) * (log_sum - x)).sum()
}

#[cfg(test)]
mod tests;
