#!/usr/bin/env python3
"""Writes decisions and probabilities with scikit-learn's scores.

To crates/duotone/tests/fixtures/metrics.json and probabilities.json.

Needs scikit-learn (made with 1.9): pip install scikit-learn
"""

import json
import random
import warnings
from pathlib import Path

import numpy as np
from sklearn import metrics
from sklearn.calibration import calibration_curve

warnings.filterwarnings("ignore")
random.seed(1)


def case(classes, truth, predicted):
    labels = list(range(classes))
    precision, recall, f1, support = metrics.precision_recall_fscore_support(
        truth, predicted, labels=labels, zero_division=0
    )
    return {
        "classes": classes,
        "truth": truth,
        "predicted": predicted,
        "accuracy": float(metrics.accuracy_score(truth, predicted)),
        "balanced_accuracy": float(metrics.balanced_accuracy_score(truth, predicted)),
        "macro_f1": float(
            metrics.f1_score(truth, predicted, labels=labels, average="macro", zero_division=0)
        ),
        "confusion": metrics.confusion_matrix(truth, predicted, labels=labels).tolist(),
        "precision": precision.tolist(),
        "recall": recall.tolist(),
        "f1": f1.tolist(),
        "support": [int(n) for n in support],
    }


def noisy(classes, n, right):
    truth = [random.randrange(classes) for _ in range(n)]
    predicted = [t if random.random() < right else random.randrange(classes) for t in truth]
    return case(classes, truth, predicted)


cases = [
    noisy(2, 20, 0.8),
    noisy(4, 60, 0.6),
    noisy(6, 80, 0.3),
    noisy(3, 15, 0.0),
    case(3, [0, 0, 1, 1], [1, 1, 0, 0]),  # all wrong, one class absent
    case(3, [0, 0, 0, 1], [2, 2, 2, 2]),  # only one class is ever predicted, and it never occurs
    case(2, [1], [1]),
]

def probability_case(classes, truth, probabilities):
    p, y, labels = np.array(probabilities), np.array(truth), list(range(classes))
    # In folds without clips of a label, or of any other, that label is left out.
    scorable = [c for c in labels if 0 < (y == c).sum() < len(y)]
    areas = [metrics.roc_auc_score(y == c, p[:, c]) for c in scorable]
    auc = float(np.mean(areas)) if areas else None
    if len(scorable) == classes > 2:
        ovr = metrics.roc_auc_score(y, p, multi_class="ovr", average="macro", labels=labels)
        assert abs(ovr - auc) < 1e-12
    confidence, right = p.max(axis=1), p.argmax(axis=1) == y
    accuracies, confidences = calibration_curve(right, confidence, n_bins=15, strategy="uniform")
    counts = np.bincount(np.searchsorted(np.linspace(0, 1, 16)[1:-1], confidence), minlength=15)
    gaps = np.abs(accuracies - confidences)
    # scikit-learn takes the last of equally probable labels first.
    first = p - 1e-9 * np.array(labels)
    top = 1.0 if classes == 2 else metrics.top_k_accuracy_score(y, first, k=2, labels=labels)
    return {
        "classes": classes,
        "truth": truth,
        "probabilities": probabilities,
        "auc": auc,
        "top_2_accuracy": float(top),
        "log_loss": float(metrics.log_loss(y, p, labels=labels)),
        "brier_score": float(
            metrics.brier_score_loss(y, p, scale_by_half=False, labels=labels)
        ),
        "calibration_error": float(gaps @ counts[counts > 0] / len(y)),
        "confidences": confidences.tolist(),
        "accuracies": accuracies.tolist(),
    }


def drawn(classes, n, skill, present=None):
    """Probabilities in 64ths, so that scores are tied and every row sums to exactly 1."""
    truth, probabilities = [], []
    for _ in range(n):
        t = random.choice(present or range(classes))
        counts = [0] * classes
        for _ in range(64):
            counts[t if random.random() < skill else random.randrange(classes)] += 1
        likely = counts if random.random() < 0.8 else random.sample(counts, classes)
        truth.append(t)
        probabilities.append([c / 64 for c in likely])
    return probability_case(classes, truth, probabilities)


def write(name, cases):
    path = Path(__file__).parent.parent / "crates/duotone/tests/fixtures" / name
    path.write_text("[\n" + ",\n".join(json.dumps(c) for c in cases) + "\n]\n")


write("metrics.json", cases)
write(
    "probabilities.json",
    [
        drawn(2, 30, 0.2),
        drawn(3, 40, 0.5),
        drawn(5, 60, 0.1),
        drawn(8, 50, 0.3),
        drawn(6, 20, 0.3, present=[0, 2, 5]),  # three labels absent
        drawn(3, 5, 0.4, present=[1]),  # no negatives of the one label that occurs
        probability_case(2, [0, 1, 1], [[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]]),  # clipped
    ],
)
