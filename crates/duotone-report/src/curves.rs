use super::text::decimal;
use duotone::evaluate::FoldResult;
use duotone::model::EpochRecord;

const WIDTH: f64 = 460.0;
const HEIGHT: f64 = 210.0;
const LEFT: f64 = 44.0;
const RIGHT: f64 = 10.0;
const TOP: f64 = 30.0;
const BOTTOM: f64 = 34.0;

/// One value per epoch, for every fold.
type Read = fn(&EpochRecord) -> Option<f64>;

/// Plots loss and accuracy against the epoch: a thin line per fold, and their mean in bold.
pub(super) fn learning_curves(folds: &[FoldResult], chance: f64, id: &str) -> String {
    if folds.iter().all(|fold| fold.history.is_empty()) {
        return r#"<p class="soft">No epochs were recorded.</p>"#.into();
    }
    let validated =
        folds.iter().flat_map(|fold| &fold.history).any(|e| e.validation_loss.is_some());
    let mut html =
        String::from(r#"<p class="legend"><span><i class="key"></i>training, with dropout</span>"#);
    if validated {
        html += r#"<span><i class="key two"></i>held out for validation</span>"#;
    }
    html += "<span>thin: one fold; bold: mean</span></p>";
    let loss: [Read; 2] = [|e| Some(e.loss), |e| e.validation_loss];
    let accuracy: [Read; 2] = [|e| Some(e.accuracy), |e| e.validation_accuracy];
    let highest = folds
        .iter()
        .flat_map(|fold| &fold.history)
        .flat_map(|e| loss.map(|read| read(e)))
        .flatten()
        .filter(|x| x.is_finite())
        .fold(0.0, f64::max);
    html += r#"<div class="panels">"#;
    html += &panel(folds, &loss, "Loss in nats", highest, None, &format!("{id}-loss"));
    html += &panel(folds, &accuracy, "Accuracy", 1.0, Some(chance), &format!("{id}-accuracy"));
    html + "</div>"
}

fn panel(
    folds: &[FoldResult],
    reads: &[Read; 2],
    name: &str,
    highest: f64,
    level: Option<f64>,
    id: &str,
) -> String {
    let epochs = folds.iter().map(|fold| fold.history.len()).max().unwrap_or(0);
    let step = nice_step(highest.max(1e-6), 4.0);
    let most = (highest / step).ceil().max(1.0) * step;
    let x = |epoch: usize| {
        let span = epochs.saturating_sub(1).max(1) as f64;
        LEFT + (WIDTH - LEFT - RIGHT) * (epoch as f64 / span)
    };
    let y = |value: f64| HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * (value / most).min(1.0);

    let mut svg = format!(
        r#"<svg viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" role="img" aria-labelledby="{id}-t {id}-d"><title id="{id}-t">Learning curve: {name}</title><desc id="{id}-d">{}</desc>"#,
        describe(folds, reads, epochs),
    );
    for i in 0..=(most / step).round() as usize {
        let value = i as f64 * step;
        svg += &format!(
            r#"<path class="grid" d="M{LEFT} {0:.1}H{1:.1}"/><text class="tick" x="{2:.1}" y="{3:.1}" text-anchor="end">{4}</text>"#,
            y(value),
            WIDTH - RIGHT,
            LEFT - 6.0,
            y(value) + 4.0,
            tick(value, step),
        );
    }
    let every = (nice_step(epochs as f64, 6.0) as usize).max(1);
    for epoch in (1..=epochs).filter(|e| *e == 1 || e.is_multiple_of(every)) {
        svg += &format!(
            r#"<text class="tick" x="{:.1}" y="{:.1}" text-anchor="middle">{epoch}</text>"#,
            x(epoch - 1),
            HEIGHT - BOTTOM + 16.0
        );
    }
    svg += &format!(
        r#"<text class="strong" x="{LEFT}" y="14">{name}</text><text class="tick" x="{:.1}" y="{:.1}" text-anchor="end">epoch</text>"#,
        WIDTH - RIGHT,
        HEIGHT - 4.0,
    );
    if let Some(level) = level {
        svg += &format!(
            r#"<path class="dash" d="M{LEFT} {0:.1}H{1:.1}"/><text class="tick" x="{1:.1}" y="{2:.1}" text-anchor="end">chance</text>"#,
            y(level),
            WIDTH - RIGHT,
            y(level) - 4.0
        );
    }
    for (read, colour) in reads.iter().zip(["first", "second"]) {
        if folds.len() > 1 {
            for fold in folds {
                let values: Vec<f64> = fold.history.iter().map(|e| value(read(e))).collect();
                svg += &line(&values, &format!("thin {colour}"), x, y);
            }
        }
        svg += &line(&mean(folds, *read, epochs), &format!("mean {colour}"), x, y);
    }
    svg + "</svg>"
}

fn value(read: Option<f64>) -> f64 {
    read.unwrap_or(f64::NAN)
}

/// Returns the mean over the folds at each epoch; NaN if a fold has no value.
fn mean(folds: &[FoldResult], read: Read, epochs: usize) -> Vec<f64> {
    (0..epochs)
        .map(|i| {
            let values: Vec<f64> =
                folds.iter().filter_map(|f| f.history.get(i)).map(|e| value(read(e))).collect();
            values.iter().sum::<f64>() / values.len() as f64
        })
        .collect()
}

/// Describes the first and the last mean.
fn describe(folds: &[FoldResult], reads: &[Read; 2], epochs: usize) -> String {
    let ends = reads.iter().zip(["training", "validation"]).filter_map(|(read, name)| {
        let mean = mean(folds, *read, epochs);
        let (first, last) = (mean.first()?, mean.last()?);
        let text = format!("{name} {} to {}", decimal(*first, 3), decimal(*last, 3));
        (first.is_finite() || last.is_finite()).then_some(text)
    });
    format!("Mean over the folds, first to last epoch: {}.", ends.collect::<Vec<_>>().join("; "))
}

/// Draws a line through the finite values, interrupted at others; a single value is a dot.
fn line(values: &[f64], class: &str, x: impl Fn(usize) -> f64, y: impl Fn(f64) -> f64) -> String {
    let (mut path, mut dots) = (String::new(), String::new());
    let finite = |i: usize| values.get(i).is_some_and(|value| value.is_finite());
    for (i, value) in values.iter().enumerate().filter(|(_, value)| value.is_finite()) {
        let (x, y) = (x(i), y(*value));
        let drawing = i > 0 && finite(i - 1);
        if !drawing && !finite(i + 1) {
            dots += &format!(r#"<circle class="dot {class}" cx="{x:.1}" cy="{y:.1}" r="3"/>"#);
        } else {
            path += &format!("{}{x:.1} {y:.1}", if drawing { 'L' } else { 'M' });
        }
    }
    if path.is_empty() { dots } else { format!(r#"<path class="line {class}" d="{path}"/>{dots}"#) }
}

/// Formats a value on an axis whose ticks are `step` apart.
fn tick(value: f64, step: f64) -> String {
    match step {
        step if !(1e-3..1e5).contains(&step) => format!("{value:.0e}"),
        step if step >= 1.0 => format!("{value:.0}"),
        step if step >= 0.1 => format!("{value:.1}"),
        step if step >= 0.01 => format!("{value:.2}"),
        _ => format!("{value:.3}"),
    }
}

/// Returns 1, 2 or 5 times a power of ten, so that `span` has at most about `parts` steps.
pub(super) fn nice_step(span: f64, parts: f64) -> f64 {
    let rough = span / parts;
    let power = 10_f64.powf(rough.log10().floor());
    let step = [1.0, 2.0, 5.0, 10.0].into_iter().find(|m| m * power >= rough * 0.999);
    step.unwrap_or(10.0) * power
}
