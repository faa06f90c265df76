"""One PAM-SGD epoch on MNIST in PyTorch for each line on standard input; prints seconds and test MSE as JSON.

What a careful user would write: tensors preloaded, no DataLoader, one thread, dense autograd and torch.optim.Adam
for the encoder, float64 normal equations from batched Gram sums for the decoder, evaluation on the test images.
"""

import gzip
import json
import sys
import time
from pathlib import Path

import numpy as np
import torch

D_SAE, K, BATCH, LR, ALPHA_ROWS = 256, 15, 128, 0.003, 0.6
torch.set_num_threads(1)
torch.manual_seed(1)


def images(name: str) -> torch.Tensor:
    raw = gzip.decompress((Path(sys.argv[1]) / name).read_bytes())
    pixels = np.frombuffer(raw, np.uint8, offset=16).reshape(-1, 784)
    return torch.from_numpy((pixels.astype(np.float32) / 255 - 0.1307) / 0.3081)


train, test = images("train-images-idx3-ubyte.gz"), images("t10k-images-idx3-ubyte.gz")
n, d_in = train.shape
w_enc = (0.1 * torch.randn(d_in, D_SAE)).requires_grad_()
b_enc = torch.zeros(D_SAE, requires_grad=True)
w_dec, b_dec = 0.01 * torch.randn(D_SAE, d_in), torch.zeros(d_in)
adam = torch.optim.Adam([w_enc, b_enc], lr=LR)


def encode(x: torch.Tensor) -> torch.Tensor:
    pre = torch.addmm(b_enc, x, w_enc)
    top = pre.abs().topk(K, dim=1).indices
    return torch.zeros_like(pre).scatter(1, top, pre.gather(1, top))


def encoder_half() -> None:
    order = torch.randperm(n)
    for start in range(0, n, BATCH):
        x = train[order[start : start + BATCH]]
        loss = ((encode(x) @ w_dec + b_dec - x) ** 2).mean()
        adam.zero_grad(set_to_none=True)
        loss.backward()
        adam.step()


@torch.no_grad()
def decoder_half() -> tuple[torch.Tensor, torch.Tensor]:
    zz, zx = torch.zeros(D_SAE, D_SAE, dtype=torch.float64), torch.zeros(D_SAE, d_in, dtype=torch.float64)
    z_sum = torch.zeros(D_SAE, dtype=torch.float64)
    for x in train.split(4096):
        z = encode(x)
        zz += (z.T @ z).double()
        zx += (z.T @ x).double()
        z_sum += z.sum(0, dtype=torch.float64)
    x_mean, z_mean = train.mean(0, dtype=torch.float64), z_sum / n
    a = zz - n * torch.outer(z_mean, z_mean) + ALPHA_ROWS * d_in * torch.eye(D_SAE, dtype=torch.float64)
    c = zx - n * torch.outer(z_mean, x_mean)
    w = torch.cholesky_solve(c, torch.linalg.cholesky(a))
    return w.float(), (x_mean - z_mean @ w).float()


@torch.no_grad()
def test_mse() -> float:
    return ((encode(test) @ w_dec + b_dec - test) ** 2).mean().item()


for _ in sys.stdin:
    start = time.perf_counter()
    encoder_half()
    w_dec, b_dec = decoder_half()
    mse = test_mse()
    seconds = time.perf_counter() - start
    print(json.dumps({"seconds": seconds, "testMse": mse, "version": torch.__version__}), flush=True)
