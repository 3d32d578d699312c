//! The inherent cost of a training step: multiply-adds, and bytes transferred between the device's
//! memory and its processors if nothing is cached between two shaders.

use super::Plan;

/// The cost of one shader.
#[derive(Clone, Debug, PartialEq)]
pub struct Cost {
    /// Name, such as `convolve 1`.
    pub name: String,
    /// Floating-point operations. A multiply-add counts as two.
    pub operations: f64,
    /// Bytes read and written, each counted once.
    pub bytes: f64,
}

/// Returns the costs of the large shaders in a training step, for a full mini-batch.
#[must_use]
pub fn training_step(plan: &Plan) -> Vec<Cost> {
    let a = &plan.architecture;
    let batch = plan.batch as f64;
    let (features, units) = (plan.features as f64, a.hidden_units as f64);
    let (inputs, maps) = (batch * plan.size() as f64, batch * features);
    let weights = features * units;
    let sums = 2.0 * plan.parts as f64 * batch * units;
    let cost = |name: String, multiply_adds: f64, numbers: f64| Cost {
        name,
        operations: 2.0 * multiply_adds,
        bytes: 4.0 * numbers,
    };
    let mut costs = vec![cost("gather".into(), 0.0, 2.0 * inputs)];
    for (i, ((block, _), p)) in a.first_blocks().zip(&plan.pipelines).enumerate() {
        let pool = block.pool;
        let outputs = batch * (p.windows * p.filters) as f64;
        let patches = outputs * p.taps as f64;
        let name = format!("convolve {}", i + 1);
        costs.push(cost(name, patches * (pool.0 * pool.1) as f64, inputs + 2.0 * outputs));
        let parts = 2.0 * (plan.filter_parts * p.filters * (p.taps + 1)) as f64;
        let name = format!("filter gradient {}", i + 1);
        costs.push(cost(name, patches, inputs + 2.0 * outputs + parts));
    }
    costs.push(cost("dense forward".into(), batch * weights, weights + maps + sums));
    costs.push(cost("dense inputs".into(), batch * weights, weights + 2.0 * maps));
    costs.push(cost("dense update".into(), batch * weights, 2.0 * weights + maps));
    let output = a.classes as f64 * units;
    costs.push(cost("head".into(), 3.0 * batch * output, 4.0 * batch * units + 4.0 * output));
    costs
}

#[cfg(test)]
mod tests {
    use super::training_step;
    use crate::plan::Plan;
    use duotone_nn::Architecture;

    /// 27 × 51 positions with 14 × 15 taps, and 30 × 73 positions with 4 × 8 taps, 32 filters each.
    #[test]
    fn costs_of_model2() {
        let plan = Plan::new(&Architecture::preset("model2", 10).unwrap(), 40).unwrap();
        let costs = training_step(&plan);
        let of = |name| costs.iter().find(|c| c.name == name).unwrap();
        assert_eq!(of("convolve 1").operations, 2.0 * 40.0 * (27 * 51 * 32 * 210) as f64);
        assert_eq!(of("convolve 2").operations, 2.0 * 40.0 * (30 * 73 * 32 * 32) as f64);
        assert_eq!(of("filter gradient 1").operations, of("convolve 1").operations / 17.0);
        assert_eq!(of("dense forward").operations, 2.0 * 40.0 * (7264 * 200) as f64);
    }
}
