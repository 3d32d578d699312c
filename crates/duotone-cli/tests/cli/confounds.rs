//! `duotone check` finds labels that can be guessed from technical properties of the files.

use std::fs;
use std::path::Path;

use serde_json::Value;
use tempfile::tempdir;

use crate::run::duotone;
use crate::sound::{tone, wav};

const CLIPS: usize = 40;

/// Writes clips of noise with random levels, and a list with two columns: by `source`, every other clip
/// was low-passed; `shuffled` has nothing to do with the sound.
fn music(dir: &Path) {
    let mut list = String::from("path,source,shuffled\n");
    for i in 0..CLIPS {
        // Multiplication by a number prime to `CLIPS` shuffles.
        let shuffled = i * 27 % CLIPS;
        let mut samples = tone(300.0, 3.0, i as u64);
        for (k, x) in samples.iter_mut().enumerate() {
            // Only the noise, as the tone would be the strongest band.
            let t = k as f64 / f64::from(crate::sound::RATE);
            *x -= 0.4 * (std::f64::consts::TAU * 300.0 * t).sin();
        }
        let source = if i % 2 == 0 { "studio" } else { "tape" };
        if source == "tape" {
            for _ in 0..12 {
                low_pass(&mut samples);
            }
        }
        let peak = samples.iter().fold(0.0_f64, |peak, x| peak.max(x.abs()));
        let gain = (0.2 + 0.6 * shuffled as f64 / CLIPS as f64) / peak;
        samples.iter_mut().for_each(|x| *x *= gain);
        fs::write(dir.join(format!("{i}.wav")), wav(&samples)).unwrap();
        let other = if shuffled % 7 < 3 { "a" } else { "b" };
        list += &format!("{i}.wav,{source},{other}\n");
    }
    fs::write(dir.join("tracks.csv"), list).unwrap();
}

/// The mean of neighbouring samples, which removes high frequencies.
fn low_pass(samples: &mut [f64]) {
    for k in 1..samples.len() {
        samples[k - 1] = (samples[k - 1] + samples[k]) / 2.0;
    }
}

fn confounds(dir: &Path, label: &str) -> Vec<Value> {
    let json = duotone(dir, ["check", "tracks.csv", "--label", label, "--format", "json"]);
    let report: Value = serde_json::from_str(&json.ends_with(0).stdout).unwrap();
    report["findings"]["confounds"].as_array().unwrap().clone()
}

#[test]
fn finds_planted_confounds_and_no_others() {
    let folder = tempdir().unwrap();
    let dir = folder.path();
    music(dir);
    let found = confounds(dir, "source");
    let of = |property: &str| {
        found.iter().find(|one| one["properties"] == serde_json::json!([property]))
    };
    let bandwidth = of("bandwidth").expect("no bandwidth in the findings");
    assert!(bandwidth["accuracy"].as_f64().unwrap() > 0.9, "{bandwidth}");
    assert_eq!(bandwidth["chance"], 0.5);
    assert!(bandwidth["p_value"].as_f64().unwrap() <= 0.01, "{bandwidth}");
    // All files have the same format and length.
    assert!(["codec", "sample-rate", "channels", "length"].iter().all(|name| of(name).is_none()));
    let args = ["check", "tracks.csv", "--label", "source"];
    let text = duotone(dir, args).ends_with(0).stdout;
    assert!(text.contains("- labels can be guessed from the bandwidth alone: "), "{text}");
    assert!(text.contains(" against 50 % by chance (p = 0.00"), "{text}");
    duotone(dir, args.into_iter().chain(["--strict"])).ends_with(1);
    assert_eq!(confounds(dir, "shuffled"), [] as [Value; 0]);
}
