//! Dense layers on few features, in plain code.

use crate::parallel;

/// A dense layer's weights, (output, input), and biases.
#[derive(Clone, Copy)]
pub(crate) struct DenseLayer<'a> {
    pub(crate) weight: &'a [f32],
    pub(crate) bias: &'a [f32],
}

impl DenseLayer<'_> {
    fn inputs(&self) -> usize {
        self.weight.len() / self.bias.len()
    }

    /// Computes the outputs of one sample.
    pub(crate) fn forward(&self, input: &[f32], output: &mut [f32]) {
        let rows = self.weight.chunks_exact(self.inputs());
        for ((output, bias), row) in output.iter_mut().zip(self.bias).zip(rows) {
            *output = bias + dot(row, input);
        }
    }

    /// Computes the gradient of one sample's input.
    pub(crate) fn backward(&self, gradient: &[f32], input_gradient: &mut [f32]) {
        input_gradient.fill(0.0);
        for (d, row) in gradient.iter().zip(self.weight.chunks_exact(self.inputs())) {
            input_gradient.iter_mut().zip(row).for_each(|(back, w)| *back += d * w);
        }
    }
}

/// Returns the gradients of the weights and biases, summed over the samples in their order. `inputs` and
/// `gradients` are (sample, value).
pub(crate) fn weight_gradient(
    inputs: &[f32],
    gradients: &[f32],
    (input_len, output_len): (usize, usize),
) -> (Vec<f32>, Vec<f32>) {
    let mut weight = vec![0.0; input_len * output_len];
    let mut bias = vec![0.0; output_len];
    parallel::pieces2((&mut weight, input_len), (&mut bias, 1), |output, row, bias| {
        let samples = inputs.chunks_exact(input_len).zip(gradients.chunks_exact(output_len));
        for (input, gradient) in samples {
            let d = gradient[output];
            bias[0] += d;
            row.iter_mut().zip(input).for_each(|(sum, x)| *sum += d * x);
        }
    });
    (weight, bias)
}

/// Returns the dot product, in several partial sums so that the compiler vectorises it.
fn dot(a: &[f32], b: &[f32]) -> f32 {
    const SUMS: usize = 16;
    let (a_whole, a_rest) = a.as_chunks::<SUMS>();
    let (b_whole, b_rest) = b.as_chunks::<SUMS>();
    let mut sums = [0.0; SUMS];
    for (a, b) in a_whole.iter().zip(b_whole) {
        for i in 0..SUMS {
            sums[i] += a[i] * b[i];
        }
    }
    let rest: f32 = a_rest.iter().zip(b_rest).map(|(a, b)| a * b).sum();
    sums.into_iter().sum::<f32>() + rest
}
