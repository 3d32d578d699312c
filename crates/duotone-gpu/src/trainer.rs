//! Training: whole epochs on the device.

use std::collections::VecDeque;

use duotone_nn::{Architecture, Weights, reference};
use wgpu::Buffer;

use crate::backward::Backward;
use crate::batches::Batch;
use crate::device::Device;
use crate::error::Error;
use crate::kernel::{Bound, Grid, Kernel};
use crate::network::{Forward, Network};
use crate::plan::{Plan, THREADS};
use crate::segments::Segments;
use crate::shaders;

/// Submissions in flight: one running, one waiting.
const IN_FLIGHT: usize = 2;

/// Scaling of inputs: (value − mean) / deviation.
#[derive(Clone, Copy, Debug)]
pub struct Scaling<'a> {
    /// Empty, or one mean, one per band, or one per band and frame.
    pub mean: &'a [f32],
    /// As many standard deviations as means.
    pub deviation: &'a [f32],
}

/// The parameters of one epoch.
#[derive(Clone, Copy, Debug)]
pub struct Epoch<'a> {
    /// Indices of the segments, in training order.
    pub order: &'a [usize],
    /// The class of every segment, by its index.
    pub labels: &'a [u32],
    /// SGD's learning rate.
    pub learning_rate: f32,
    /// The run's seed.
    pub seed: u64,
    /// Index of the first step since the start of the run, from 0. It selects the dropout masks.
    pub first_step: u64,
}

/// The outcome of an epoch, with each segment evaluated before its step's update.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct EpochOutcome {
    /// Mean cross-entropy of the segments in nats, with dropout. Not finite if training diverged.
    pub loss: f64,
    /// Number of segments whose largest logit was that of their label.
    pub correct: usize,
}

/// Trains a network on a GPU by plain SGD: the same steps as [`duotone_nn::Trainer`], one epoch at
/// a time. The host gets results at the end of an epoch.
pub struct Trainer {
    pub(crate) network: Network,
    pub(crate) backward: Backward,
    scaler: Buffer,
    places: Buffer,
    /// The segments of a submission, if they come from the host.
    streamed: Option<Buffer>,
    /// (segment of the epoch, (loss, whether correct))
    pub(crate) outcomes: Buffer,
    gather: Kernel,
    head: Kernel,
    /// The update of the weights: this share of them is kept, and this many learning rates times
    /// their gradients are subtracted.
    pub(crate) update: (f32, f32),
}

impl Trainer {
    /// Starts from the given weights, in mini-batches of up to `batch` segments.
    ///
    /// # Errors
    /// As [`Network::new`].
    pub fn new(
        device: &Device,
        architecture: &Architecture,
        weights: &Weights,
        scaling: Scaling<'_>,
        batch: usize,
    ) -> Result<Self, Error> {
        let plan = Plan::new(architecture, batch)?;
        plan.check(&device.info().limits)?;
        let steps = plan.steps();
        let forward = Forward::new(device, plan, weights, steps)?;
        let plan = &forward.plan;
        let (cells, numbers) = match [scaling.mean, scaling.deviation].concat() {
            none if none.is_empty() => (1, vec![0.0, 1.0]),
            numbers => (scaling.mean.len(), numbers),
        };
        if numbers.len() != 2 * cells || !plan.size().is_multiple_of(cells) {
            let message = format!("{cells} means for segments of {} numbers", plan.size());
            return Err(duotone_nn::Error::Batch(message).into());
        }
        let scaler = device.buffer("scaler", numbers.len());
        device.write(&scaler, &numbers);
        let places = device.buffer("places", 4 * steps * batch);
        let outcomes = device.buffer("outcomes", 2);
        let gather = forward.kernel(
            &shaders::gather(plan, cells),
            Grid::fixed(plan.size().div_ceil(THREADS), 1).along(1, 1),
            // Placeholder until an epoch sets the source.
            &gather_buffers(&places, &places, &scaler, &forward.inputs),
        );
        let head = forward.kernel(
            &shaders::head(plan, true),
            Grid::fixed(1, 1).along(0, 1),
            &forward.head_buffers(&places, &outcomes),
        );
        let backward = Backward::new(&forward);
        device.check()?;
        Ok(Self {
            network: Network::of(forward)?,
            backward,
            scaler,
            places,
            streamed: None,
            outcomes,
            gather,
            head,
            update: (1.0, 1.0),
        })
    }

    /// The network with its current weights.
    #[must_use]
    pub fn network(&self) -> &Network {
        &self.network
    }

    /// Returns the trained network.
    #[must_use]
    pub fn into_network(self) -> Network {
        self.network
    }

    /// Runs one epoch: forward with dropout, backward and update for each mini-batch in order.
    /// `proceed` is called with the number of segments submitted so far and may return `false` to
    /// stop the work.
    ///
    /// # Errors
    /// [`Error::Network`] for a missing label or segment; [`Error::Limit`] if the outcomes of all
    /// segments do not fit into a buffer; [`Error::Interrupted`]; [`Error::Lost`].
    pub fn epoch(
        &mut self,
        segments: &Segments<'_>,
        epoch: Epoch<'_>,
        proceed: &mut dyn FnMut(usize) -> bool,
    ) -> Result<EpochOutcome, Error> {
        let places = self.find(segments, epoch)?;
        let total = epoch.order.len();
        self.prepare(segments, total)?;
        let device = &self.network.forward.device;
        let (batch, steps) = (self.network.forward.plan.batch, self.network.forward.plan.steps());
        let mut in_flight = VecDeque::new();
        for (number, chunk) in epoch.order.chunks(steps * batch).enumerate() {
            let first = number * steps * batch;
            if !proceed(first) {
                return Err(Error::Interrupted);
            }
            if let Segments::Streamed(copy) = segments {
                self.stream(chunk, *copy);
            }
            device.write(&self.places, &places[4 * first..4 * (first + chunk.len())]);
            let step = |(step, samples): (usize, &[usize])| Batch {
                samples: samples.len(),
                first: step * batch,
                outcome: first + step * batch,
                key: epoch.seed ^ reference::DROPOUT,
                stream: epoch.first_step + (number * steps + step) as u64,
                keep: self.update.0,
                rate: self.update.1 * epoch.learning_rate,
            };
            let batches: Vec<Batch> = chunk.chunks(batch).enumerate().map(step).collect();
            let kernels = [&self.gather].into_iter().chain(&self.network.forward.kernels);
            let kernels = kernels.chain([&self.head]).chain(&self.backward.kernels);
            in_flight.push_back(self.network.forward.submit(&batches, kernels));
            if in_flight.len() > IN_FLIGHT {
                device.wait(in_flight.pop_front())?;
            }
        }
        let outcomes: Vec<f32> = device.read(&self.outcomes, 2 * total)?;
        proceed(total);
        let losses = outcomes.iter().step_by(2).map(|&loss| f64::from(loss));
        let correct = outcomes.iter().skip(1).step_by(2).filter(|&&right| right > 0.0).count();
        Ok(EpochOutcome { loss: losses.sum::<f64>() / total as f64, correct })
    }

    /// Returns the place of each segment in its source and its class, in the shaders' layout.
    fn find(&self, segments: &Segments<'_>, epoch: Epoch<'_>) -> Result<Vec<u32>, Error> {
        let plan = &self.network.forward.plan;
        let a = &plan.architecture;
        let chunk = plan.steps() * plan.batch;
        let wrong = |message: String| Error::from(duotone_nn::Error::Batch(message));
        if epoch.order.is_empty() {
            return Err(wrong("an epoch without segments".into()));
        }
        let mut found = Vec::with_capacity(4 * epoch.order.len());
        for (i, &number) in epoch.order.iter().enumerate() {
            let label = epoch.labels.get(number).filter(|&&label| (label as usize) < a.classes);
            let label = label.ok_or_else(|| wrong(format!("no class for segment {number}")))?;
            let place = match segments {
                Segments::Resident { spectrograms, places } => places
                    .get(number)
                    .and_then(|&place| spectrograms.find(place, (a.bands, a.frames))),
                Segments::Streamed(_) => Some(((i % chunk * plan.size()) as u32, a.frames as u32)),
            };
            let (offset, stride) =
                place.ok_or_else(|| wrong(format!("segment {number} is not within its clip")))?;
            found.extend([offset, stride, *label, 0]);
        }
        Ok(found)
    }

    /// Prepares buffers for an epoch of `total` segments from the given source.
    fn prepare(&mut self, segments: &Segments<'_>, total: usize) -> Result<(), Error> {
        let device = &self.network.forward.device;
        let (bytes, most) = (8 * total as u64, device.info().limits.buffer_bytes);
        if bytes > most {
            return Err(Error::Limit(format!(
                "the outcomes of {total} segments take {bytes} bytes, but a buffer has at most \
                 {most}"
            )));
        }
        if self.outcomes.size() < bytes {
            self.outcomes = device.buffer("outcomes", 2 * total);
            let buffers = self.network.forward.head_buffers(&self.places, &self.outcomes);
            self.head.rebind(device, &buffers);
        }
        let plan = &self.network.forward.plan;
        let source = match segments {
            Segments::Resident { spectrograms, .. } => &spectrograms.buffer,
            Segments::Streamed(_) => self.streamed.get_or_insert_with(|| {
                device.buffer("streamed segments", plan.steps() * plan.batch * plan.size())
            }),
        };
        let inputs = &self.network.forward.inputs;
        let buffers = gather_buffers(source, &self.places, &self.scaler, inputs);
        self.gather.rebind(device, &buffers);
        device.check()
    }

    /// Writes the segments of a submission to the device.
    fn stream(&self, chunk: &[usize], copy: &dyn Fn(usize, &mut [f32])) {
        let size = self.network.forward.plan.size();
        let mut numbers = vec![0.0; chunk.len() * size];
        for (segment, &number) in numbers.chunks_exact_mut(size).zip(chunk) {
            copy(number, segment);
        }
        if let Some(buffer) = &self.streamed {
            self.network.forward.device.write(buffer, &numbers);
        }
    }
}

fn gather_buffers<'a>(
    source: &'a Buffer,
    places: &'a Buffer,
    scaler: &'a Buffer,
    inputs: &'a Buffer,
) -> [Bound<'a>; 4] {
    [Bound::Read(source), Bound::Read(places), Bound::Read(scaler), Bound::Write(inputs)]
}
