"""PyTorch's side of the training benchmark: a request and an answer a line, both JSON.

What a careful user would write: tensors preloaded, no DataLoader, dense autograd and torch.optim.Adam (fused) for what
is trained by gradients, float64 normal equations from batched float32 Gram sums for the decoder, evaluation of the test
rows after each epoch. Arguments: the folder with MNIST, and the file with the rows of MiniLM.
"""

import gzip
import json
import sys
import time
from pathlib import Path

import numpy as np
import torch

MNIST, MINILM = Path(sys.argv[1]), Path(sys.argv[2])
CHUNK = 4096  # rows of statistics, of evaluation and of a refit
RIDGE = 0.6  # of the decoder, in units of raw sums and of columns
SOLVES, SWEEP_PART = 3, 6  # of the preset on so many rows; a sweep has the curvature of a sixth of them
torch.manual_seed(1)
loaded: dict[str, tuple[torch.Tensor, torch.Tensor]] = {}


def images(name: str) -> torch.Tensor:
    raw = gzip.decompress((MNIST / name).read_bytes())
    pixels = np.frombuffer(raw, np.uint8, offset=16).reshape(-1, 784)
    return torch.from_numpy((pixels.astype(np.float32) / 255 - 0.1307) / 0.3081)


def data(name: str) -> tuple[torch.Tensor, torch.Tensor]:
    if name not in loaded:
        if name == "mnist":
            loaded[name] = images("train-images-idx3-ubyte.gz"), images("t10k-images-idx3-ubyte.gz")
        else:
            rows = torch.from_numpy(np.load(MINILM))
            rows = rows[torch.randperm(len(rows))]
            train, test = rows.split([int(0.9 * len(rows)), len(rows) - int(0.9 * len(rows))])
            mean, std = train.mean(0), train.std(0)
            loaded[name] = (train - mean) / std, (test - mean) / std
    return loaded[name]


class Model:
    """An SAE with its optimiser."""

    def __init__(self, spec: dict) -> None:
        options = spec["options"]
        self.train, self.test = data(spec["data"])
        d_in, d_sae = self.train.shape[1], options["dSae"]
        self.k = options["activation"].get("k")
        self.l1, self.batch = options.get("l1", 0.0), options["batchSize"]
        self.pam, self.tied = options["method"] == "pam", options.get("tied", False)
        recommended = spec.get("preset") == "recommended"
        self.solves = SOLVES if recommended else 1
        self.share = self.batch * SWEEP_PART / len(self.train) if recommended else None
        self.energy, self.unseen = torch.zeros(d_sae), 1.0
        self.w_enc = (torch.randn(d_in, d_sae) / d_in**0.5).requires_grad_()
        self.b_enc = torch.zeros(d_sae, requires_grad=True)
        self.w_dec, self.b_dec = 0.01 * torch.randn(d_sae, d_in), torch.zeros(d_in)
        trained = [self.w_enc, self.b_enc]
        if not self.pam:
            trained += [self.b_dec.requires_grad_()] if self.tied else [self.w_dec.requires_grad_(), self.b_dec.requires_grad_()]
        self.adam = torch.optim.Adam(trained, lr=0.003, fused=True)

    def encode(self, x: torch.Tensor) -> torch.Tensor:
        pre = torch.addmm(self.b_enc, x, self.w_enc)
        if self.k is None:
            return pre.relu()
        top = pre.abs().topk(self.k, dim=1, sorted=False).indices
        return torch.zeros_like(pre).scatter(1, top, pre.gather(1, top))

    def decode(self, z: torch.Tensor) -> torch.Tensor:
        return torch.addmm(self.b_dec, z, self.w_enc.T if self.tied else self.w_dec)

    def steps(self, order: torch.Tensor) -> None:
        for rows in order.split(self.batch):
            x = self.train[rows]
            z = self.encode(x)
            residual = self.decode(z) - x
            loss = (residual**2).mean()
            if self.l1:
                loss = loss + self.l1 * z.abs().sum(1).mean()
            self.adam.zero_grad(set_to_none=True)
            loss.backward()
            self.adam.step()
            if self.share:
                self.sweep(z.detach(), residual.detach())

    @torch.no_grad()
    def sweep(self, z: torch.Tensor, residual: torch.Tensor) -> None:
        """All latents at once, as a product of matrices does; ours moves one after the other."""
        ridge = RIDGE * residual.shape[1]
        self.energy.mul_(1 - self.share).add_(z.square().sum(0))
        self.unseen *= 1 - self.share
        curvature = self.energy / (1 - self.unseen) + ridge
        self.b_dec -= self.share * residual.mean(0)
        self.w_dec -= torch.addmm(self.w_dec, z.T, residual, beta=self.share * ridge) / curvature[:, None]

    @torch.no_grad()
    def solve(self, rows: torch.Tensor) -> None:
        (n, d_in), d_sae = rows.shape, self.b_enc.shape[0]
        zz, zx = torch.zeros(d_sae, d_sae, dtype=torch.float64), torch.zeros(d_sae, d_in, dtype=torch.float64)
        z_sum = torch.zeros(d_sae, dtype=torch.float64)
        for x in rows.split(CHUNK):
            z = self.encode(x)
            zz += z.T @ z
            zx += z.T @ x
            z_sum += z.sum(0, dtype=torch.float64)
        x_mean, z_mean = rows.mean(0, dtype=torch.float64), z_sum / n
        zz -= torch.outer(z_sum, z_mean)
        zz.diagonal().add_(RIDGE * d_in)
        w = torch.cholesky_solve(zx - torch.outer(z_sum, x_mean), torch.linalg.cholesky(zz))
        self.w_dec, self.b_dec = w.float(), (x_mean - z_mean @ w).float()

    @torch.no_grad()
    def evaluate(self) -> tuple[float, float]:
        squares = active = 0.0
        for x in self.test.split(CHUNK):
            z = self.encode(x)
            squares += ((self.decode(z) - x) ** 2).sum().item()
            active += (z != 0).sum().item()
        return squares / self.test.numel(), active / len(self.test)

    def epoch(self) -> dict:
        start = time.perf_counter()
        order = torch.randperm(len(self.train))
        self.energy.zero_()
        self.unseen = 1.0
        segment = -(-(-(-len(order) // self.batch)) // self.solves) * self.batch
        for at in range(0, len(order), segment):
            if at > 0:
                self.solve(self.train[order[max(at - CHUNK, 0) : at]])
            self.steps(order[at : at + segment])
        encoder = time.perf_counter() - start
        if self.pam:
            self.solve(self.train)
        mse, l0 = self.evaluate()
        return {"times": {"encoder": encoder, "epoch": time.perf_counter() - start}, "testMse": mse, "testL0": l0}


class Solve:
    """The normal equations of a decoder of so many latents, from random sparse codes."""

    def __init__(self, spec: dict) -> None:
        rows, d_sae = data(spec["data"])[0][: spec["mostRows"]].double(), spec["options"]["dSae"]
        z = torch.randn(len(rows), d_sae, dtype=torch.float64)
        z *= z.abs() >= z.abs().topk(32, dim=1).values[:, -1:]
        self.zx, self.zz = z.T @ rows, z.T @ z
        self.zz.diagonal().add_(RIDGE * rows.shape[1])

    def epoch(self) -> dict:
        start = time.perf_counter()
        torch.cholesky_solve(self.zx, torch.linalg.cholesky(self.zz))
        return {"times": {"solve": time.perf_counter() - start}}


class Encode(Model):
    """Dense codes of all training rows."""

    @torch.no_grad()
    def epoch(self) -> dict:
        z = torch.empty(len(self.train), self.b_enc.shape[0])
        start = time.perf_counter()
        for at in range(0, len(self.train), CHUNK):
            z[at : at + CHUNK] = self.encode(self.train[at : at + CHUNK])
        return {"times": {"encode": time.perf_counter() - start}}


name, runs = "", {}  # of one name at a time, by the number of threads
for line in sys.stdin:
    request = json.loads(line)
    torch.set_num_threads(request["threads"])
    threads, spec = request["threads"], request["spec"]
    if name != request["name"]:
        name = request["name"]
        runs.clear()
    if threads not in runs:
        runs[threads] = {"train": Model, "solve": Solve, "encode": Encode}[spec["kind"]](spec)
    print(json.dumps({**runs[threads].epoch(), "version": torch.__version__}), flush=True)
