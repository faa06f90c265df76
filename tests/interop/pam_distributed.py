"""PAM-SGD on several processes, for more rows than one machine takes in good time.

    pip install torch numpy safetensors
    torchrun --nproc-per-node=2 tests/interop/pam_distributed.py --data DIR --out sae --d-sae 4096 --k 64 --epochs 3

The decoder of PAM-SGD is a least-squares fit to sums over rows, ZᵀZ and ZᵀX, and sums are added up over processes: each
reads its part of every shard, and what is exchanged does not depend on the number of rows. The encoder takes Adam's steps on
gradients that are averaged over the processes. The rows of a batch do not depend on how many processes there are, so that
the result is that of one process, but for rounding.

DIR holds .npy or .safetensors shards of one width, in the order of the numbers in their names, where all processes see them.
The folder `sae` is one that SAELens loads and that the activations lab opens: TopK of positive pre-activations, standardisation
folded in. `--backend nccl` is for GPUs.
"""

import argparse
import json
import os
import re
import sys
from pathlib import Path

import numpy as np
import torch
import torch.distributed as dist
from safetensors import safe_open
from safetensors.torch import save_file

# Rows of a block, which are shuffled together.
BLOCK = 65_536
# Parts of a block, each read by one process: as many processes as divide this.
LANES = 16
# Ridge on the decoder, in units of raw sums divided by d_in: that of the crate.
RIDGE = 0.6


class Npy:
    def __init__(self, path):
        self.rows = np.load(path, mmap_mode="r")
        self.rows = self.rows.reshape(-1, self.rows.shape[-1])
        self.shape = self.rows.shape

    def read(self, first, end):
        return torch.from_numpy(np.array(self.rows[first:end]))


class Safetensors:
    def __init__(self, path, name):
        self.file = safe_open(path, framework="pt")
        names = list(self.file.keys())
        if name is None and len(names) != 1:
            raise SystemExit(f"{path}: has {len(names)} tensors, name one of {', '.join(names)} by --tensor")
        self.slice = self.file.get_slice(name or names[0])
        self.shape = tuple(self.slice.get_shape())
        if len(self.shape) != 2:
            raise SystemExit(f"{path}: has the shape {self.shape}, expected rows × d_in")

    def read(self, first, end):
        return self.slice[first:end]


class Shards:
    """The rows of a folder, in blocks."""

    def __init__(self, folder, tensor):
        def by_number(path):
            return [int(part) if part.isdigit() else part for part in re.split(r"(\d+)", path.name)]

        paths = sorted((p for p in Path(folder).iterdir() if p.suffix in (".npy", ".safetensors")), key=by_number)
        if not paths:
            raise SystemExit(f"{folder}: holds no .npy or .safetensors file")
        self.shards = [Npy(path) if path.suffix == ".npy" else Safetensors(path, tensor) for path in paths]
        self.d_in = self.shards[0].shape[1]
        for path, shard in zip(paths, self.shards):
            if shard.shape[1] != self.d_in:
                raise SystemExit(f"{path}: has rows of {shard.shape[1]} values, expected {self.d_in} as in {paths[0]}")
        self.blocks = [
            (shard, first, min(first + BLOCK, shard.shape[0]))
            for shard in self.shards
            for first in range(0, shard.shape[0], BLOCK)
        ]
        self.rows = sum(shard.shape[0] for shard in self.shards)

    def lanes(self, block, own):
        """Those parts of a block that this process reads, `[rows, d_in]` each."""
        shard, first, end = self.blocks[block]
        cuts = [first + (end - first) * lane // LANES for lane in range(LANES + 1)]
        return [shard.read(cuts[lane], cuts[lane + 1]) for lane in own]


class Run:
    def __init__(self, options, rank, world):
        if LANES % world:
            raise SystemExit(f"{world} processes, expected a number that divides {LANES}")
        self.options, self.own = options, range(rank * LANES // world, (rank + 1) * LANES // world)
        self.device = torch.device("cuda", int(os.environ.get("LOCAL_RANK", 0))) if options.backend == "nccl" else "cpu"
        self.dtype = torch.float64 if options.double else torch.float32
        self.data = Shards(options.data, options.tensor)
        d_in, d_sae = self.data.d_in, options.d_sae
        self.mean, self.std = self.standardisation()
        torch.manual_seed(options.seed)
        bound = d_in**-0.5
        self.w_enc = (torch.rand(d_in, d_sae, dtype=torch.float64) * 2 - 1) * bound
        self.w_enc = self.w_enc.to(self.device, self.dtype).requires_grad_()
        self.b_enc = torch.zeros(d_sae, device=self.device, dtype=self.dtype, requires_grad=True)
        self.adam = torch.optim.Adam([self.w_enc, self.b_enc], lr=options.lr)

    def sum(self, *tensors):
        """Sums over all processes."""
        for tensor in tensors:
            dist.all_reduce(tensor)

    def zeros(self, *shape):
        return torch.zeros(*shape, device=self.device, dtype=torch.float64)

    def standardisation(self):
        """Means and deviations, in one pass: sums about the first row, so that a mean far from 0 does not cancel."""
        about = self.data.shards[0].read(0, 1).to(self.device, torch.float64)
        total, squares = self.zeros(self.data.d_in), self.zeros(self.data.d_in)
        for block in range(len(self.data.blocks)):
            for lane in self.data.lanes(block, self.own):
                x = lane.to(self.device, torch.float64) - about
                if not torch.isfinite(x).all():
                    raise SystemExit(f"block {block}: holds NaN or infinity, expected finite numbers")
                total += x.sum(0)
                squares += (x * x).sum(0)
        self.sum(total, squares)
        mean = total / self.data.rows
        std = (squares / self.data.rows - mean**2).clamp_min(0).sqrt()
        return mean + about[0], torch.where(std > 0, std, 1.0)

    def standardise(self, rows):
        return ((rows.to(self.device, torch.float64) - self.mean) / self.std).to(self.dtype)

    def encode(self, x):
        pre = x @ self.w_enc + self.b_enc
        values, latents = pre.topk(self.options.k, dim=-1)
        return torch.zeros_like(pre).scatter(-1, latents, values.relu())

    def encoder_half(self, epoch):
        """Adam's steps on all rows, in batches of as many rows of each lane."""
        order = np.random.default_rng([self.options.seed, epoch]).permutation(len(self.data.blocks))
        per_lane = max(1, self.options.batch_size // LANES)
        for block in order.tolist():
            _, first, end = self.data.blocks[block]
            longest = -(-(end - first) // LANES)
            lanes = []
            for lane, rows in zip(self.own, self.data.lanes(block, self.own)):
                shuffle = np.random.default_rng([self.options.seed, epoch, block, lane]).permutation(len(rows))
                lanes.append(self.standardise(rows)[torch.from_numpy(shuffle)])
            for at in range(0, longest, per_lane):
                x = torch.cat([lane[at : at + per_lane] for lane in lanes])
                rows = torch.tensor([float(len(x))], device=self.device, dtype=self.dtype)
                self.adam.zero_grad()
                residual = self.encode(x) @ self.w_dec + self.b_dec - x
                residual.square().sum().backward()
                gradients = [self.w_enc.grad, self.b_enc.grad]
                self.sum(rows, *gradients)
                for gradient in gradients:
                    gradient /= rows * self.data.d_in
                self.adam.step()

    @torch.no_grad()
    def decoder_half(self):
        """The decoder in closed form, from sums over the rows of all processes; returns the mean squared error."""
        d_in, d_sae = self.data.d_in, self.options.d_sae
        zz, zx = self.zeros(d_sae, d_sae), self.zeros(d_sae, d_in)
        z_sum, x_sum, xx = self.zeros(d_sae), self.zeros(d_in), self.zeros(1)
        for block in range(len(self.data.blocks)):
            for lane in self.data.lanes(block, self.own):
                x = self.standardise(lane)
                z, x = self.encode(x).double(), x.double()
                zz += z.T @ z
                zx += z.T @ x
                z_sum += z.sum(0)
                x_sum += x.sum(0)
                xx += x.square().sum()
        self.sum(zz, zx, z_sum, x_sum, xx)
        n = self.data.rows
        z_mean, x_mean = z_sum / n, x_sum / n
        a = zz - n * torch.outer(z_mean, z_mean)
        c = zx - n * torch.outer(z_mean, x_mean)
        ridge = RIDGE * d_in * torch.eye(d_sae, device=self.device, dtype=torch.float64)
        w = torch.cholesky_solve(c, torch.linalg.cholesky(a + ridge))
        self.w_dec, self.b_dec = w.to(self.dtype), (x_mean - z_mean @ w).to(self.dtype)
        squares = xx - n * x_mean.square().sum() - 2 * (w * c).sum() + (w * (a @ w)).sum()
        return (squares / (n * d_in)).item()

    @torch.no_grad()
    def save(self, folder):
        """SAELens's folder, for rows as they are stored."""
        folder = Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        w_enc = self.w_enc.double() / self.std[:, None]
        tensors = {
            "W_enc": w_enc,
            "b_enc": self.b_enc.double() - self.mean @ w_enc,
            "W_dec": self.w_dec.double() * self.std,
            "b_dec": self.b_dec.double() * self.std + self.mean,
        }
        tensors = {name: value.float().cpu().contiguous() for name, value in tensors.items()}
        save_file(tensors, folder / "sae_weights.safetensors")
        config = {
            "architecture": "topk",
            "d_in": self.data.d_in,
            "d_sae": self.options.d_sae,
            "k": self.options.k,
            "dtype": "float32",
            "device": "cpu",
            "apply_b_dec_to_input": False,
            "normalize_activations": "none",
            "reshape_activations": "none",
            "metadata": {"sae_lens_version": "6.18.0"},
        }
        folder.joinpath("cfg.json").write_text(json.dumps(config, indent=2))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", required=True)
    parser.add_argument("--out", required=True)
    parser.add_argument("--d-sae", type=int, required=True)
    parser.add_argument("--k", type=int, required=True)
    parser.add_argument("--tensor", help="name of the array in files of several")
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--lr", type=float, default=0.003)
    parser.add_argument("--batch-size", type=int, default=1024, help="rows of all processes together")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--backend", choices=["gloo", "nccl"], default="gloo")
    parser.add_argument("--double", action="store_true", help="float64 throughout")
    options = parser.parse_args()
    dist.init_process_group(options.backend)
    run = Run(options, dist.get_rank(), dist.get_world_size())
    first = dist.get_rank() == 0
    # The encoder's first steps need a decoder that fits it.
    mse = run.decoder_half()
    for epoch in range(options.epochs):
        run.encoder_half(epoch)
        mse = run.decoder_half()
        if first:
            print(json.dumps({"epoch": epoch + 1, "trainMse": mse}), flush=True)
    if first:
        run.save(options.out)
    dist.barrier()
    dist.destroy_process_group()
    # Not the interpreter's own end: now and then threads that PyTorch 2.15 has left abort it ("terminate called without
    # an active exception"), when all is written.
    sys.stdout.flush()
    os._exit(0)


if __name__ == "__main__":
    main()
