"""The preset `deep` as it is usually written in PyTorch."""

import torch
from torch import nn

from harness.deep import BLOCKS, EPSILON, FEATURES, SLOPE


class Deep(nn.Module):
    def __init__(self, tensors, dropout):
        super().__init__()
        layers, channels = [], 1
        for filters, pool in BLOCKS:
            layers += [
                nn.Conv2d(channels, filters, 3, padding=1, bias=False), nn.BatchNorm2d(filters, EPSILON),
                nn.LeakyReLU(SLOPE, inplace=True), nn.MaxPool2d(pool),
            ]
            channels = filters
        self.blocks = nn.Sequential(*layers)
        self.dropout = nn.Dropout(dropout)
        self.output = nn.Linear(FEATURES, len(tensors["output.bias"]))
        self.slope = nn.LeakyReLU(SLOPE)
        self.register_buffer("cepstrum", tensors["pipeline1.block0.weight"])
        with torch.no_grad():
            for name, parameter in self.named().items():
                parameter.copy_(tensors[name])

    def named(self):
        """The trained parameters and the running statistics, under duotone's names."""
        found = {"output.weight": self.output.weight, "output.bias": self.output.bias}
        for i in range(len(BLOCKS)):
            convolution, norm = self.blocks[4 * i], self.blocks[4 * i + 1]
            found |= {
                f"pipeline0.block{i}.weight": convolution.weight,
                f"pipeline0.block{i}.norm.weight": norm.weight, f"pipeline0.block{i}.norm.bias": norm.bias,
                f"pipeline0.block{i}.norm.mean": norm.running_mean,
                f"pipeline0.block{i}.norm.variance": norm.running_var,
            }
        return found

    def forward(self, x):
        bands = self.blocks(x).mean(2)
        tower = torch.stack([bands.mean(2), bands.amax(2)], 2).flatten(1)
        coefficients = self.slope(nn.functional.conv2d(x, self.cepstrum)[:, :, 0])
        cepstral = torch.stack([coefficients.mean(2), coefficients.std(2, correction=0)], 2).flatten(1)
        return self.output(self.dropout(torch.cat([tower, cepstral], 1)))
