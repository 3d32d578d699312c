#!/usr/bin/env python3
"""A classic MIREX submission: statistics of MFCCs and an RBF support vector machine.

    mfcc_svm.py extract SCRATCH FILELIST
    mfcc_svm.py train SCRATCH TRAINLIST
    mfcc_svm.py classify SCRATCH TESTLIST OUTPUT

The 80 features of a file, at 22.05 kHz, are the mean and standard deviation over time of 20 MFCCs
and of their first differences, with librosa's defaults otherwise. They are standardised with the means
and deviations of the training files. C is 10, and gamma is scikit-learn's `scale`.

Needs librosa and scikit-learn. A file that cannot be read gets the most frequent training label.
"""

import hashlib
import pathlib
import pickle
import sys

import librosa
import numpy as np
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC


def lines(path):
    text = pathlib.Path(path).read_text(encoding="utf-8", errors="surrogateescape")
    return [line for line in text.split("\n") if line]


def features(scratch, path):
    """The 80 features of a file, cached in the scratch folder; `None` if it cannot be read."""
    name = hashlib.sha256(path.encode(errors="surrogateescape")).hexdigest()
    kept = pathlib.Path(scratch) / f"{name}.npy"
    if kept.exists():
        return np.load(kept)
    try:
        samples, rate = librosa.load(path, sr=22050, mono=True)
        mfcc = librosa.feature.mfcc(y=samples, sr=rate, n_mfcc=20)
        changes = np.diff(mfcc, axis=1)
        parts = [mfcc.mean(axis=1), mfcc.std(axis=1), changes.mean(axis=1), changes.std(axis=1)]
    except Exception as error:
        print(f"{path}: {error}", file=sys.stderr)
        return None
    vector = np.concatenate(parts)
    np.save(kept, vector)
    return vector


def extract(scratch, file_list):
    for path in lines(file_list):
        features(scratch, path)


def train(scratch, train_list):
    pairs = [line.split("\t") for line in lines(train_list)]
    rows = [(features(scratch, path), label) for path, label in pairs]
    known = [(row, label) for row, label in rows if row is not None]
    x, y = [row for row, _ in known], [label for _, label in known]
    machine = make_pipeline(StandardScaler(), SVC(C=10, gamma="scale")).fit(np.array(x), y)
    labels, counts = np.unique(y, return_counts=True)
    guess = str(labels[counts.argmax()])
    with open(pathlib.Path(scratch) / "model.pickle", "wb") as out:
        pickle.dump((machine, guess), out)


def classify(scratch, test_list, output):
    with open(pathlib.Path(scratch) / "model.pickle", "rb") as file:
        machine, guess = pickle.load(file)
    with open(output, "w", encoding="utf-8", errors="surrogateescape", newline="\n") as out:
        for path in lines(test_list):
            row = features(scratch, path)
            label = guess if row is None else machine.predict(row[np.newaxis])[0]
            out.write(f"{path}\t{label}\n")


def main(words):
    match words:
        case ["extract", scratch, file_list]:
            extract(scratch, file_list)
        case ["train", scratch, train_list]:
            train(scratch, train_list)
        case ["classify", scratch, test_list, output]:
            classify(scratch, test_list, output)
        case _:
            sys.exit(__doc__)


if __name__ == "__main__":
    main(sys.argv[1:])
