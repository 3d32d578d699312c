//! A learning curve as a picture: one thin line a fold, their mean above them.

use std::fmt::Write;

/// Curves over epochs: one inner list a fold. Values that are not finite leave a gap.
pub(super) struct Curves {
    /// What a screen reader says.
    pub(super) title: &'static str,
    /// From training.
    pub(super) trained: Vec<Vec<f64>>,
    /// From held-out clips; empty where none were held out.
    pub(super) held_out: Vec<Vec<f64>>,
    /// Whether the axis is a share from 0 to 1.
    pub(super) share: bool,
}

const WIDTH: f64 = 460.0;
const HEIGHT: f64 = 230.0;
const LEFT: f64 = 44.0;
const RIGHT: f64 = 10.0;
const TOP: f64 = 10.0;
const BOTTOM: f64 = 30.0;

impl Curves {
    pub(super) fn svg(&self) -> String {
        let all = || self.trained.iter().chain(&self.held_out);
        let epochs = all().map(Vec::len).max().unwrap_or(0);
        let finite = all().flatten().copied().filter(|v| v.is_finite());
        let highest = finite.fold(0.0, f64::max);
        if epochs == 0 {
            return "<p class=\"note\">No epochs to draw.</p>\n".into();
        }
        let top = if self.share { 1.0 } else { nice_above(highest) };
        let mut svg = format!(
            "<svg viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" aria-label=\"{}\">\n",
            self.title
        );
        for i in 0..=4 {
            let value = top * f64::from(i) / 4.0;
            let y = y(value, top);
            let text = if self.share { format!("{:.0} %", value * 100.0) } else { round(value) };
            let _ = writeln!(
                svg,
                "<line class=\"grid\" x1=\"{LEFT}\" x2=\"{}\" y1=\"{y:.1}\" y2=\"{y:.1}\"/>\
                 <text class=\"soft\" x=\"{}\" y=\"{:.1}\" text-anchor=\"end\">{text}</text>",
                WIDTH - RIGHT,
                LEFT - 6.0,
                y + 4.0
            );
        }
        for epoch in [1, epochs.div_ceil(2), epochs] {
            let _ = writeln!(
                svg,
                "<text class=\"soft\" x=\"{:.1}\" y=\"{}\" text-anchor=\"middle\">{epoch}</text>",
                x(epoch - 1, epochs),
                HEIGHT - 10.0
            );
            if epochs == 1 {
                break;
            }
        }
        for (curves, held) in [(&self.trained, ""), (&self.held_out, " held")] {
            if curves.len() > 1 {
                for curve in curves {
                    let _ = writeln!(
                        svg,
                        "<path class=\"fold{held}\" d=\"{}\"/>",
                        path(curve, top, epochs)
                    );
                }
            }
            if !curves.is_empty() {
                let mean = path(&mean(curves), top, epochs);
                let _ = writeln!(svg, "<path class=\"mean{held}\" d=\"{mean}\"/>");
            }
        }
        svg + "</svg>\n"
    }
}

fn x(epoch: usize, epochs: usize) -> f64 {
    let share = if epochs < 2 { 0.5 } else { epoch as f64 / (epochs - 1) as f64 };
    LEFT + share * (WIDTH - LEFT - RIGHT)
}

fn y(value: f64, top: f64) -> f64 {
    TOP + (1.0 - (value / top).clamp(0.0, 1.0)) * (HEIGHT - TOP - BOTTOM)
}

/// An SVG path through the finite values; a lone one becomes a dot-sized stroke.
fn path(values: &[f64], top: f64, epochs: usize) -> String {
    let mut path = String::new();
    let mut drawing = false;
    for (epoch, &value) in values.iter().enumerate() {
        if !value.is_finite() {
            drawing = false;
            continue;
        }
        let command = if drawing { 'L' } else { 'M' };
        let _ = write!(path, "{command}{:.1} {:.1}", x(epoch, epochs), y(value, top));
        if !drawing {
            path.push_str("h0.1");
        }
        drawing = true;
    }
    path
}

/// The mean over the folds that got so far.
fn mean(curves: &[Vec<f64>]) -> Vec<f64> {
    let longest = curves.iter().map(Vec::len).max().unwrap_or(0);
    (0..longest)
        .map(|epoch| {
            let values: Vec<f64> = curves.iter().filter_map(|c| c.get(epoch).copied()).collect();
            values.iter().sum::<f64>() / values.len() as f64
        })
        .collect()
}

/// The next of 1, 2, 2.5, 5 × 10ⁿ at or above.
fn nice_above(value: f64) -> f64 {
    if value.is_nan() || value <= 0.0 {
        return 1.0;
    }
    let power = 10f64.powf(value.log10().floor());
    let steps = [1.0, 2.0, 2.5, 5.0, 10.0];
    steps.iter().map(|s| s * power).find(|&s| s >= value).unwrap_or(value)
}

fn round(value: f64) -> String {
    let text = format!("{value:.3}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}
