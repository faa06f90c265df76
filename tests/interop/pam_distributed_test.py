"""Is PAM-SGD on two processes what it is on one, and does its result load here?

    pip install torch numpy safetensors && python tests/interop/pam_distributed_test.py

1. pam_distributed.py trains on three shards, by one process and by two over gloo; parameters may differ by 1e-5 of the
   largest.
2. The training error falls, and the one that it reports from sums is that of its reconstructions.
3. The crate reads the folder, and reconstructs rows as NumPy does.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from safetensors.numpy import load_file, save_file

CLOSE = 1e-5
REPOSITORY = Path(__file__).resolve().parents[2]
SCRIPT = Path(__file__).with_name("pam_distributed.py")
D_IN, D_SAE, K = 24, 48, 4


def write_shards(folder):
    """Rows of a few directions out of many, far from 0, in two formats."""
    rng = np.random.default_rng(1)
    directions = rng.standard_normal((D_SAE, D_IN))
    codes = rng.random((5000, D_SAE)) * (rng.random((5000, D_SAE)) < 0.08)
    rows = (codes @ directions + 0.05 * rng.standard_normal((5000, D_IN)) + 3).astype(np.float16)
    np.save(folder / "acts_0.npy", rows[:1999])
    save_file({"acts": rows[1999:2020]}, folder / "acts_1.safetensors")
    np.save(folder / "acts_2.npy", rows[2020:])
    return rows.astype(np.float32)


def train(data, out, processes, *more):
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", f"--nproc-per-node={processes}"]
    command += [SCRIPT, "--data", data, "--out", out, "--d-sae", D_SAE, "--k", K, "--batch-size", 128, *more]
    done = subprocess.run([str(part) for part in command], stdout=subprocess.PIPE, text=True)
    if done.returncode != 0:
        sys.exit(f"{processes} processes ended with {done.returncode}")
    return [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]


def reconstruct(folder, x):
    weights = {name: value.astype(np.float64) for name, value in load_file(folder / "sae_weights.safetensors").items()}
    pre = x @ weights["W_enc"] + weights["b_enc"]
    z = np.where(pre >= np.sort(pre, axis=-1)[:, -K, None], np.maximum(pre, 0), 0)
    return z @ weights["W_dec"] + weights["b_dec"]


def check(what, found, most):
    print(f"{what}: {found:.2e}, at most {most:.0e}")
    return found <= most


def difference(found, expected):
    return float(np.abs(found - expected).max() / np.abs(expected).max())


def main():
    good = []
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        data = folder / "shards"
        data.mkdir()
        rows = write_shards(data)
        models = folder / "models"
        # Adam divides small gradients by their size: in float32 the order of a sum would show after some hundred steps.
        one = train(data, models / "one", 1, "--double")
        two = train(data, models / "two", 2, "--double")
        weights = [load_file(models / name / "sae_weights.safetensors") for name in ("one", "two")]
        for name in weights[0]:
            good.append(check(f"{name} of two processes", difference(weights[1][name], weights[0][name]), CLOSE))
        good.append(check("their training error", abs(two[-1]["trainMse"] / one[-1]["trainMse"] - 1), CLOSE))
        good.append(len(one) == 3 and one[2]["trainMse"] < one[0]["trainMse"] < 1)
        residual = (reconstruct(models / "two", rows) - rows) / rows.astype(np.float64).std(0)
        good.append(check("the error that it reports", abs(np.square(residual).mean() / two[-1]["trainMse"] - 1), 1e-4))
        single = train(data, folder / "single", 2)
        good.append(check("float32", abs(single[-1]["trainMse"] / one[-1]["trainMse"] - 1), 0.05))

        save_file({"x": rows[:500]}, models / "one" / "rows.safetensors")
        save_file({"x": rows[:500]}, models / "two" / "rows.safetensors")
        subprocess.run(
            ["cargo", "run", "--quiet", "--example", "interop", "--", "read", models], cwd=REPOSITORY, check=True
        )
        for name in ("one", "two"):
            ours = load_file(models / name / "ours.safetensors")["xhat"]
            expected = reconstruct(models / name, rows[:500].astype(np.float64))
            good.append(check(f"{name}, read by the crate", difference(ours, expected), CLOSE))
    sys.exit(0 if all(good) else 1)


if __name__ == "__main__":
    main()
