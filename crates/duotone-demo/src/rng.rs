use duotone::nn::random::Philox;

/// A stream of [`Philox`] that counts its draws.
pub(super) struct Rng {
    random: Philox,
    throws: u64,
}

impl Rng {
    pub(super) fn new(seed: u64, stream: u64) -> Self {
        Self { random: Philox::new(seed, stream), throws: 0 }
    }

    /// Draws a number in 0..1.
    pub(super) fn uniform(&mut self) -> f32 {
        self.throws += 1;
        self.random.uniform(self.throws)
    }

    pub(super) fn between(&mut self, low: f32, high: f32) -> f32 {
        low + (high - low) * self.uniform()
    }

    pub(super) fn below(&mut self, n: usize) -> usize {
        (self.uniform() * n as f32) as usize
    }

    /// Draws an integer, both ends included.
    pub(super) fn step(&mut self, low: i32, high: i32) -> i32 {
        low + self.below((high - low + 1) as usize) as i32
    }

    pub(super) fn pick<T: Copy, const N: usize>(&mut self, from: &[T; N]) -> T {
        from[self.below(N)]
    }

    pub(super) fn chance(&mut self, probability: f32) -> bool {
        self.uniform() < probability
    }

    /// Draws a sample of white noise in -1..1.
    pub(super) fn noise(&mut self) -> f32 {
        2.0 * self.uniform() - 1.0
    }
}
