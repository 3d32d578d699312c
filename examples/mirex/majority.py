#!/usr/bin/env python3
"""A MIREX submission that ignores the audio: every file gets the most frequent training label.

    majority.py train SCRATCH TRAINLIST
    majority.py classify SCRATCH TESTLIST OUTPUT
"""

import collections
import pathlib
import sys


def lines(path):
    text = pathlib.Path(path).read_text(encoding="utf-8", errors="surrogateescape")
    return [line for line in text.split("\n") if line]


def train(scratch, train_list):
    counts = collections.Counter(line.split("\t")[1] for line in lines(train_list))
    # In a tie, the alphabetically first label.
    label = min(counts, key=lambda label: (-counts[label], label))
    (pathlib.Path(scratch) / "label.txt").write_text(label, encoding="utf-8")


def classify(scratch, test_list, output):
    label = (pathlib.Path(scratch) / "label.txt").read_text(encoding="utf-8")
    with open(output, "w", encoding="utf-8", errors="surrogateescape", newline="\n") as out:
        out.writelines(f"{path}\t{label}\n" for path in lines(test_list))


def main(words):
    match words:
        case ["train", scratch, train_list]:
            train(scratch, train_list)
        case ["classify", scratch, test_list, output]:
            classify(scratch, test_list, output)
        case _:
            sys.exit(__doc__)


if __name__ == "__main__":
    main(sys.argv[1:])
