use super::fit_output;

#[test]
fn separates_two_classes_by_one_input() {
    let inputs = [-2.0, -1.0, 1.0, 2.0];
    let targets = [1.0, 0.0, 1.0, 0.0, 0.0, 1.0, 0.0, 1.0];
    let mut losses = Vec::new();
    let fit = fit_output(&inputs, &targets, 2, 0.01, |fit| {
        losses.push(fit.loss);
        true
    });
    let fit = fit.unwrap();
    assert_eq!(fit.correct, 4);
    assert!(fit.weight[0] < 0.0 && fit.weight[1] > 0.0, "{fit:?}");
    assert!(fit.loss < 0.2 && losses.last() == Some(&fit.loss), "{losses:?}");
}

/// The caller can end the search, and gets what was reached.
#[test]
fn ends_when_asked() {
    let inputs = [-2.0, -1.0, 1.0, 2.0];
    let targets = [1.0, 0.0, 1.0, 0.0, 0.0, 1.0, 0.0, 1.0];
    let mut calls = 0;
    let fit = fit_output(&inputs, &targets, 2, 0.01, |_| {
        calls += 1;
        calls < 2
    });
    assert_eq!(calls, 2);
    assert!(fit.unwrap().loss < 2.0_f64.ln());
}

#[test]
fn sizes_that_do_not_match() {
    for (inputs, targets) in [(&[][..], &[][..]), (&[1.0; 3], &[1.0; 4]), (&[1.0; 2], &[1.0; 3])] {
        assert!(fit_output(inputs, targets, 2, 0.0, |_| true).is_err());
    }
}
