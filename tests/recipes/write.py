"""Writes the reference values of tests/training/recipes.rs: steps of other programs' recipes by PyTorch's autograd, in float64.

    pip install numpy torch safetensors && python tests/recipes/write.py

Nothing here is taken from the crate: losses are written down as their papers have them, and differentiated.
"""

import json
import pathlib

import numpy as np
import torch
from safetensors.numpy import save_file

FOLDER = pathlib.Path(__file__).parent
D_IN, D_SAE, ROWS = 7, 20, 12
torch.set_default_dtype(torch.float64)


class Rectangle(torch.autograd.Function):
    """Values of `pre` above a threshold, and whether they are, with the straight-through gradients of JumpReLU."""

    @staticmethod
    def forward(ctx, pre, threshold, bandwidth):
        ctx.save_for_backward(pre, threshold)
        ctx.bandwidth = bandwidth
        active = (pre > threshold).to(pre.dtype)
        return pre * active, active

    @staticmethod
    def backward(ctx, by_value, by_active):
        pre, threshold = ctx.saved_tensors
        near = ((pre - threshold).abs() < ctx.bandwidth / 2).to(pre.dtype)
        active = (pre > threshold).to(pre.dtype)
        by_threshold = -(near / ctx.bandwidth) * (threshold * by_value + by_active)
        return by_value * active, by_threshold.sum(0), None


def keep_largest(scores, values, k):
    """The values whose scores are the k largest of each row."""
    kept = torch.zeros_like(values)
    at = scores.topk(k, dim=-1).indices
    return kept.scatter(-1, at, values.gather(-1, at))


def case(name, seed, activation, steps=6, lr=0.02, l1=0.0, clip=None, warmup=0, unit=False, auxk=None, jumprelu=None,
         prefixes=(), rate=0.25, tied=False):
    rng = np.random.default_rng(seed)
    x = torch.tensor(rng.standard_normal((steps, ROWS, D_IN)))
    w_enc = torch.tensor(rng.standard_normal((D_IN, D_SAE)) * 0.5, requires_grad=True)
    b_enc = torch.tensor(rng.standard_normal(D_SAE) * 0.2, requires_grad=True)
    w_dec = torch.tensor(rng.standard_normal((D_SAE, D_IN)) * 0.5)
    if unit:
        w_dec /= w_dec.norm(dim=1, keepdim=True)
    w_dec.requires_grad_()
    b_dec = torch.tensor(rng.standard_normal(D_IN) * 0.2, requires_grad=True)
    theta = torch.tensor(np.abs(rng.standard_normal(D_SAE)) * 0.3, requires_grad=True)
    if auxk:
        # Latents that hardly ever fire.
        with torch.no_grad():
            b_enc[3::4] -= 1.5
    start = {name: value.detach().numpy().copy() for name, value in
             dict(W_enc=w_enc, b_enc=b_enc, W_dec=w_dec, b_dec=b_dec, threshold=theta).items()}
    trained = [w_enc, b_enc, b_dec] + ([] if tied else [w_dec]) + ([theta] if jumprelu else [])
    adam = torch.optim.Adam(trained, lr=lr)
    idle = torch.zeros(D_SAE)
    average = None
    losses, others, dead_counts, margins = [], [], [], []
    for t in range(1, steps + 1):
        rows = x[t - 1]
        decoder = w_enc.T if tied else w_dec
        pre = rows @ w_enc + b_enc
        active = None
        if activation == "relu":
            z = pre.relu()
        elif activation == "topk_magnitude":
            z = keep_largest(pre.abs(), pre, 4)
        elif activation == "topk_positive":
            z = keep_largest(pre, pre.relu(), 4)
        elif activation == "batchtopk":
            flat = pre.relu().flatten()
            top = flat.topk(4 * ROWS)
            z = torch.zeros_like(flat).scatter(0, top.indices, top.values).reshape(pre.shape)
            least = z[z > 0].min().item()
            average = least if average is None else (1 - rate) * average + rate * least
        elif activation == "jumprelu":
            z, active = Rectangle.apply(pre, theta, jumprelu["bandwidth"] if jumprelu else 1.0)
        ends = list(prefixes) or [D_SAE]
        parts = [((z[:, :end] @ decoder[:end] + b_dec - rows) ** 2).mean() for end in ends]
        loss = sum(parts)
        other = sum(parts[:-1])
        if jumprelu:
            l0 = active.sum(-1).mean()
            penalty = jumprelu["coefficient"] * (l0 / jumprelu["targetL0"] - 1) ** 2
            loss = loss + penalty
            other = other + penalty
        losses.append(parts[-1].item())
        others.append(float(torch.as_tensor(other).detach()))
        loss = loss + l1 * z.abs().sum(-1).mean()
        dead = idle >= (auxk["deadAfter"] if auxk else np.inf)
        dead_counts.append(int(dead.sum()))
        if auxk and dead.any():
            error = (rows - (z @ decoder + b_dec)).detach()
            candidates = torch.where(dead, pre.relu(), -torch.inf)
            k = min(auxk["k"], int(dead.sum()))
            strongest = candidates.topk(k, dim=-1)
            z_aux = torch.zeros_like(pre).scatter(-1, strongest.indices, strongest.values)
            scale = min(int(dead.sum()) / auxk["k"], 1.0)
            loss = loss + auxk["coefficient"] * scale * ((z_aux @ decoder - error) ** 2).mean()
        idle = torch.where((z != 0).any(0), 0.0, idle + ROWS)
        adam.zero_grad()
        loss.backward()
        if unit:
            with torch.no_grad():
                along = (w_dec.grad * w_dec).sum(1, keepdim=True) / (w_dec * w_dec).sum(1, keepdim=True)
                w_dec.grad -= along * w_dec
        if clip:
            torch.nn.utils.clip_grad_norm_(trained, clip)
        for group in adam.param_groups:
            group["lr"] = lr * min(1.0, t / warmup) if warmup else lr
        adam.step()
        with torch.no_grad():
            if unit:
                w_dec /= w_dec.norm(dim=1, keepdim=True)
            if jumprelu:
                theta.clamp_(min=0.0)
    end = dict(W_enc=w_enc, b_enc=b_enc, W_dec=w_dec, b_dec=b_dec, threshold=theta)
    tensors = {"x": x.reshape(-1, D_IN).numpy(), "losses": np.array(losses), "others": np.array(others)}
    tensors |= {f"{name}0": value for name, value in start.items()}
    tensors |= {name: value.detach().numpy() for name, value in end.items()}
    tensors["idle"] = idle.numpy()
    tensors["average"] = np.array([np.nan if average is None else average])
    about = dict(name=name, activation=activation, steps=steps, rows=ROWS, lr=lr, l1=l1, clip=clip, warmup=warmup,
                 unit=unit, auxk=auxk, jumprelu=jumprelu, prefixes=list(prefixes), rate=rate, tied=tied)
    save_file({name: np.ascontiguousarray(value) for name, value in tensors.items()}, FOLDER / f"{name}.safetensors")
    print(f"{name:24} losses {losses[0]:.4f} → {losses[-1]:.4f}, dead {dead_counts}")
    return about


AUXK = dict(k=3, coefficient=0.5, deadAfter=20)
JUMPRELU = dict(bandwidth=0.4, targetL0=3.0, coefficient=0.3)

cases = [
    case("auxk", 1, "topk_positive", auxk=AUXK),
    case("auxk_magnitude", 2, "topk_magnitude", auxk=AUXK),
    case("auxk_many", 3, "relu", auxk=dict(k=20, coefficient=0.5, deadAfter=12), l1=0.01),
    case("auxk_tied", 13, "topk_positive", auxk=AUXK, tied=True),
    case("unit", 4, "relu", unit=True, warmup=4, l1=0.01),
    case("unit_clipped", 5, "topk_positive", unit=True, clip=0.05),
    case("batchtopk", 6, "batchtopk"),
    case("jumprelu", 7, "jumprelu", jumprelu=JUMPRELU),
    case("jumprelu_clipped", 8, "jumprelu", jumprelu=JUMPRELU, clip=0.05, l1=0.01),
    case("matryoshka", 9, "topk_positive", prefixes=(4, 9, 20)),
    case("matryoshka_tied", 10, "relu", prefixes=(1, 20), tied=True),
    case("all", 11, "batchtopk", prefixes=(5, 11, 20), auxk=AUXK, unit=True, warmup=3, clip=0.2),
    case("jumprelu_matryoshka", 12, "jumprelu", jumprelu=JUMPRELU, prefixes=(6, 20), auxk=AUXK, unit=True),
]
(FOLDER / "cases.json").write_text(json.dumps(cases, indent=1) + "\n")
