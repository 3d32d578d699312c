//! Inference, and the forward half of training.

use std::fmt;
use std::sync::{Mutex, PoisonError};

use duotone_nn::{Architecture, Weights};
use wgpu::Buffer;

use crate::batches::{Batch, Batches};
use crate::device::Device;
use crate::error::Error;
use crate::kernel::{Bound, Grid, Kernel};
use crate::plan::{COLUMNS, Plan, ROWS};
use crate::shaders;
use crate::tensors::Tensors;

/// The state on a device shared by both halves of a network: weights, a batch and its activations.
pub(crate) struct Forward {
    pub(crate) device: Device,
    pub(crate) plan: Plan,
    batches: Batches,
    pub(crate) tensors: Tensors,
    /// (sample, band, frame)
    pub(crate) inputs: Buffer,
    /// (sample, feature)
    pub(crate) features: Buffer,
    /// (sample, feature): index of the winning patch's first value in its segment.
    pub(crate) positions: Buffer,
    /// (part, sample, unit)
    pub(crate) parts: Buffer,
    /// (2, sample, unit): values after dropout, and gradients of the sums.
    pub(crate) units: Buffer,
    /// (sample, class)
    pub(crate) logits: Buffer,
    /// Convolutions, then the dense layer.
    pub(crate) kernels: Vec<Kernel>,
}

impl Forward {
    /// Creates the state for a plan that fits the device, with `count` mini-batches per submission.
    pub(crate) fn new(
        device: &Device,
        plan: Plan,
        weights: &Weights,
        count: usize,
    ) -> Result<Self, Error> {
        let (batch, units) = (plan.batch, plan.architecture.hidden_units);
        let mut forward = Self {
            batches: Batches::new(device, count),
            tensors: Tensors::upload(device, &plan.architecture, weights)?,
            inputs: device.buffer("inputs", batch * plan.size()),
            features: device.buffer("features", batch * plan.features),
            positions: device.buffer("positions", batch * plan.features),
            parts: device.buffer("parts", plan.parts * batch * units),
            units: device.buffer("units", 2 * batch * units),
            logits: device.buffer("logits", batch * plan.architecture.classes),
            kernels: Vec::new(),
            device: device.clone(),
            plan,
        };
        forward.kernels = forward.own_kernels();
        device.check()?;
        Ok(forward)
    }

    fn own_kernels(&self) -> Vec<Kernel> {
        let plan = &self.plan;
        let mut kernels = Vec::new();
        for (i, p) in plan.pipelines.iter().enumerate() {
            let [weight, bias] = self.tensors.pipeline(i);
            let groups = p.windows.div_ceil(p.windows_per_group);
            kernels.push(self.kernel(
                &shaders::convolve(plan, i),
                Grid::fixed(groups, p.filters.div_ceil(COLUMNS)).along(2, 1),
                &[
                    Bound::Read(&self.inputs),
                    Bound::Read(weight),
                    Bound::Read(bias),
                    Bound::Write(&self.features),
                    Bound::Write(&self.positions),
                ],
            ));
        }
        let [weight, ..] = self.tensors.head();
        kernels.push(
            self.kernel(
                &shaders::dense_forward(plan),
                Grid::fixed(plan.parts, plan.architecture.hidden_units.div_ceil(COLUMNS))
                    .along(2, ROWS),
                &[Bound::Read(&self.features), Bound::Read(weight), Bound::Write(&self.parts)],
            ),
        );
        kernels
    }

    pub(crate) fn kernel(
        &self,
        shader: &shaders::Shader,
        grid: Grid,
        bound: &[Bound<'_>],
    ) -> Kernel {
        Kernel::new(&self.device, &self.batches, shader, grid, bound)
    }

    /// Returns the head's buffers, including places and outcomes, which only training uses.
    pub(crate) fn head_buffers<'a>(
        &'a self,
        places: &'a Buffer,
        outcomes: &'a Buffer,
    ) -> [Bound<'a>; 8] {
        let [_, dense_bias, weight, bias] = self.tensors.head();
        [
            Bound::Read(&self.parts),
            Bound::Read(dense_bias),
            Bound::Read(weight),
            Bound::Read(bias),
            Bound::Read(places),
            Bound::Write(&self.units),
            Bound::Write(&self.logits),
            Bound::Write(outcomes),
        ]
    }

    /// Records the kernels for each mini-batch and submits them.
    pub(crate) fn submit<'a>(
        &self,
        batches: &[Batch],
        kernels: impl Iterator<Item = &'a Kernel> + Clone,
    ) -> wgpu::SubmissionIndex {
        self.batches.write(&self.device, batches);
        let mut encoder = self.device.device.create_command_encoder(&Default::default());
        let mut pass = encoder.begin_compute_pass(&Default::default());
        for (number, batch) in batches.iter().enumerate() {
            for kernel in kernels.clone() {
                kernel.record(&mut pass, &self.batches, (number, batch.samples));
            }
        }
        drop(pass);
        self.device.queue.submit([encoder.finish()])
    }
}

/// A network ready to run on a GPU, like [`duotone_nn::Network`] on the CPU.
pub struct Network {
    pub(crate) forward: Forward,
    head: Kernel,
    /// The buffers serve one batch at a time.
    turn: Mutex<()>,
}

impl fmt::Debug for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Network({:?} on {:?})", self.forward.plan, self.forward.device)
    }
}

impl Network {
    /// Binds weights to their architecture, for up to `batch` segments at once.
    ///
    /// # Errors
    /// Those of [`Architecture::validate`] and [`Weights::check`]; [`Error::Limit`] if the network
    /// is too large for the device; [`Error::Lost`].
    pub fn new(
        device: &Device,
        architecture: &Architecture,
        weights: &Weights,
        batch: usize,
    ) -> Result<Self, Error> {
        let plan = Plan::new(architecture, batch)?;
        plan.check(&device.info().limits)?;
        Self::of(Forward::new(device, plan, weights, 1)?)
    }

    pub(crate) fn of(forward: Forward) -> Result<Self, Error> {
        let device = &forward.device;
        let unused = [(); 2].map(|()| device.buffer("unused", 4));
        let head = forward.kernel(
            &shaders::head(&forward.plan, false),
            Grid::fixed(1, 1).along(0, 1),
            &forward.head_buffers(&unused[0], &unused[1]),
        );
        device.check()?;
        Ok(Self { forward, head, turn: Mutex::new(()) })
    }

    /// The network's architecture.
    #[must_use]
    pub fn architecture(&self) -> &Architecture {
        &self.forward.plan.architecture
    }

    /// Returns a copy of the current weights.
    ///
    /// # Errors
    /// [`Error::Lost`].
    pub fn weights(&self) -> Result<Weights, Error> {
        self.forward.tensors.download(&self.forward.device)
    }

    /// Computes the logits of any number of segments: see [`duotone_nn::Network::logits`]. Threads
    /// take turns.
    ///
    /// # Errors
    /// [`Error::Network`] if `inputs` is not a whole number of segments; [`Error::Lost`].
    pub fn logits(&self, inputs: &[f32]) -> Result<Vec<f32>, Error> {
        let (device, plan) = (&self.forward.device, &self.forward.plan);
        let size = plan.size();
        if !inputs.len().is_multiple_of(size) {
            let message = format!("{} values are not a multiple of {size}", inputs.len());
            return Err(duotone_nn::Error::Batch(message).into());
        }
        let _turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        let mut logits = Vec::with_capacity(inputs.len() / size * plan.architecture.classes);
        for segments in inputs.chunks(plan.batch * size) {
            let samples = segments.len() / size;
            device.write(&self.forward.inputs, segments);
            let kernels = self.forward.kernels.iter().chain([&self.head]);
            self.forward.submit(&[Batch { samples, ..Default::default() }], kernels);
            let count = samples * plan.architecture.classes;
            logits.extend(device.read::<f32>(&self.forward.logits, count)?);
        }
        Ok(logits)
    }
}
