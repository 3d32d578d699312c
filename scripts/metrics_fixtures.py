#!/usr/bin/env python3
"""Writes crates/duotone/tests/fixtures/metrics.json: decisions with scikit-learn's scores.

Needs scikit-learn (made with 1.9): pip install scikit-learn
"""

import json
import random
import warnings
from pathlib import Path

from sklearn import metrics

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
path = Path(__file__).parent.parent / "crates/duotone/tests/fixtures/metrics.json"
path.write_text("[\n" + ",\n".join(json.dumps(c) for c in cases) + "\n]\n")
