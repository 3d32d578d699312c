use std::f64::consts::PI;

/// Returns the points and weights of Gauss-Legendre quadrature with `order` points on each of `panels` equal
/// parts of `from..to`.
pub(super) fn gauss_legendre(from: f64, to: f64, panels: usize, order: usize) -> Vec<(f64, f64)> {
    let rule = rule(order);
    let width = (to - from) / panels as f64;
    let panel = |panel: usize| {
        let middle = from + width * (panel as f64 + 0.5);
        rule.iter().map(move |(x, weight)| (middle + 0.5 * width * x, 0.5 * width * weight))
    };
    (0..panels).flat_map(panel).collect()
}

/// Returns the points and weights on −1..1: roots of the Legendre polynomial, by Newton's method.
fn rule(order: usize) -> Vec<(f64, f64)> {
    let root = |i: usize| {
        let mut x = (PI * (i as f64 + 0.75) / (order as f64 + 0.5)).cos();
        for _ in 0..20 {
            let (value, slope) = legendre(order, x);
            x -= value / slope;
        }
        let slope = legendre(order, x).1;
        (x, 2.0 / ((1.0 - x * x) * slope * slope))
    };
    (0..order).map(root).collect()
}

/// Returns the Legendre polynomial and its derivative.
fn legendre(order: usize, x: f64) -> (f64, f64) {
    let (mut last, mut value) = (1.0, x);
    for n in 2..=order {
        let n = n as f64;
        (last, value) = (value, ((2.0 * n - 1.0) * x * value - (n - 1.0) * last) / n);
    }
    (value, order as f64 * (x * value - last) / (x * x - 1.0))
}

#[cfg(test)]
mod tests {
    use super::gauss_legendre;

    #[test]
    fn polynomials_are_integrated_exactly() {
        let integral = |from, to, panels, order, f: &dyn Fn(f64) -> f64| {
            let points = gauss_legendre(from, to, panels, order);
            points.iter().map(|&(x, weight)| weight * f(x)).sum::<f64>()
        };
        let ninth = integral(0.0, 2.0, 1, 5, &|x: f64| x.powi(9));
        assert!((ninth - 102.4).abs() < 1e-10, "{ninth}");
        let tenth = integral(0.0, 2.0, 1, 5, &|x: f64| x.powi(10));
        assert!((tenth - 2048.0 / 11.0).abs() > 1e-3, "5 points cannot: {tenth}");
        let sine = integral(0.0, std::f64::consts::PI, 4, 16, &f64::sin);
        assert!((sine - 2.0).abs() < 1e-14, "{sine}");
    }
}
