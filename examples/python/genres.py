"""Train, cross-validate by artist and classify: python genres.py tracks.csv"""

import sys

import duotone
from sklearn.model_selection import GroupKFold, cross_val_score

music = duotone.Collection.open(sys.argv[1], label="genre", group="artist")
classifier = duotone.Classifier("model1", epochs=10, segments=10, store="features")
scores = cross_val_score(
    classifier, music.paths, music.labels, groups=music.groups, cv=GroupKFold(3))
print(f"accuracy {scores.mean():.1%} on {len(music)} files in 3 folds that share no artist")
classifier.fit(music.paths, music.labels).model_.save("genre.safetensors")
print(duotone.load("genre.safetensors").classify(music.paths[:5])[["path", "label"]])
