//! The backward half of training, after the head.

use wgpu::Buffer;

use crate::kernel::{Bound, Grid, Kernel};
use crate::network::Forward;
use crate::plan::{COLUMNS, ROWS, THREADS};
use crate::shaders;

#[cfg_attr(not(test), expect(dead_code, reason = "the tests look into the buffers"))]
pub(crate) struct Backward {
    /// Gradients of the pooled maps before their LeakyReLU, (sample, feature).
    pub(crate) gradients: Buffer,
    /// Parts of each pipeline's filter gradients, (part, filter, tap).
    pub(crate) filter_parts: Vec<Buffer>,
    /// In execution order: the gradients of the maps come before the dense layer's update, because
    /// they need its old weights.
    pub(crate) kernels: Vec<Kernel>,
}

impl Backward {
    pub(crate) fn new(forward: &Forward) -> Self {
        let (plan, device) = (&forward.plan, &forward.device);
        let gradients = device.buffer("gradients", plan.batch * plan.features);
        let parts = |p: &crate::plan::PipelinePlan| plan.filter_parts * p.filters * (p.taps + 1);
        let filter_parts: Vec<Buffer> =
            plan.pipelines.iter().map(|p| device.buffer("filter parts", parts(p))).collect();
        let mut kernels = head(forward, &gradients);
        for (i, (p, parts)) in plan.pipelines.iter().zip(&filter_parts).enumerate() {
            let [weight, bias] = forward.tensors.pipeline(i);
            let grid = Grid::fixed((p.taps + 1).div_ceil(THREADS), p.filters);
            kernels.push(forward.kernel(
                &shaders::filter_gradient(plan, i),
                grid.along(2, plan.samples_per_part),
                &[
                    Bound::Read(&forward.inputs),
                    Bound::Read(&gradients),
                    Bound::Read(&forward.positions),
                    Bound::Write(parts),
                ],
            ));
            kernels.push(forward.kernel(
                &shaders::filter_update(plan, i),
                grid,
                &[Bound::Read(parts), Bound::Write(weight), Bound::Write(bias)],
            ));
        }
        Self { gradients, filter_parts, kernels }
    }
}

fn head(forward: &Forward, gradients: &Buffer) -> Vec<Kernel> {
    let plan = &forward.plan;
    let (units, classes) = (plan.architecture.hidden_units, plan.architecture.classes);
    let [dense, dense_bias, output, output_bias] = forward.tensors.head();
    let columns = plan.features.div_ceil(COLUMNS);
    vec![
        forward.kernel(
            &shaders::dense_inputs(plan),
            Grid::fixed(columns, 1).along(1, ROWS),
            &[
                Bound::Read(&forward.units),
                Bound::Read(dense),
                Bound::Read(&forward.features),
                Bound::Write(gradients),
            ],
        ),
        forward.kernel(
            &shaders::dense_update(plan),
            Grid::fixed(columns, units.div_ceil(ROWS)),
            &[Bound::Read(&forward.units), Bound::Read(&forward.features), Bound::Write(dense)],
        ),
        forward.kernel(
            &shaders::head_update(plan),
            Grid::fixed((units + 1).div_ceil(THREADS), classes + 1),
            &[
                Bound::Read(&forward.units),
                Bound::Read(&forward.logits),
                Bound::Write(output),
                Bound::Write(output_bias),
                Bound::Write(dense_bias),
            ],
        ),
    ]
}
