"""Prints experiment-2.md from the CSV files in results/experiment-2/: the paper's experiment 2 as the page runs it, in a
browser, beside the same runs by the native program.

    python3 docs/experiment-2.py > docs/experiment-2.md

Every number of the page is computed here from those files; the standard library is all that it needs.
"""

import csv
from pathlib import Path

FOLDER = Path(__file__).parent / "results" / "experiment-2"
PICTURES = Path(__file__).parent / "experiment-2"
METHODS = ["SGD tied", "SGD untied", "PAM-SGD script", "PAM-SGD recommended"]
# What may lie between the browser and the native program, relative to the latter.
AGREEMENT = 0.005
FIGURES = {
    "share": ("Share of the training set", "share", lambda v: f"{100 * v:g} %", "mnist-topk"),
    "updates": ("Updates per batch", "updates_per_batch", lambda v: f"{v:g}", "mnist-updates"),
    "decay": ("Weight decay", "weight_decay", lambda v: f"{v:g}", "mnist-decay"),
    "proximal": ("μ = ν", "mu_enc", lambda v: f"{v:g}", "mnist-proximal"),
}
KEYS = ("label", "share", "updates_per_batch", "l1", "weight_decay", "mu_enc", "seed")


def rows(path):
    """Runs by what tells them apart."""
    if not path.exists():
        return {}
    with path.open(newline="") as file:
        return {tuple(row[k] for k in KEYS): row for row in csv.DictReader(file)}


def agreement(browser, native):
    """How many runs have the same test MSE to the last digit, and the largest relative difference."""
    both = [(float(browser[key]["test_mse"]), float(native[key]["test_mse"])) for key in browser if key in native]
    same = sum(a == b for a, b in both)
    return len(both), same, max((abs(a - b) / b for a, b in both), default=float("nan"))


def table(runs, column, show):
    values = sorted({float(row[column]) for row in runs})
    print(f"| {'setting'} | " + " | ".join(METHODS) + " |")
    print("| --- |" + " --- |" * len(METHODS))
    for value in values:
        found = {row["label"]: row for row in runs if float(row[column]) == value}
        lowest = min(found, key=lambda label: float(found[label]["test_mse"] or "inf"))
        cells = []
        for label in METHODS:
            row = found.get(label)
            if row is None or not row["test_mse"]:
                cells.append("–" if row is None else "failed")
                continue
            mse = f"{float(row['test_mse']):.4f}"
            mse = f"**{mse}**" if label == lowest else mse
            cells.append(f"{mse} (L0 {float(row['test_l0']):.1f}, {float(row['seconds']):.0f} s)")
        print(f"| {show(value)} | " + " | ".join(cells) + " |")


def main():
    print("# Experiment 2 in the browser\n")
    print("Made by `docs/experiment-2.py` from the CSV files in `docs/results/experiment-2/`; no number here is typed by hand.\n")
    print("The four ablations of the paper's experiment 2 on MNIST, each by its one click in the MNIST lab, run to the end in")
    print("headless Chromium; 784 → 256, one seed (0), 10 epochs, 20 with all images; where the share of the training set is")
    print("not varied it is 10 %. Each cell has the test MSE without penalties after the last epoch, the mean number of active")
    print("latents, and the seconds of the run, taken while other programs used the same two cores: they say little more than")
    print("their order of magnitude. Bold is the lowest test MSE of the four runs at that setting; it ranks nothing where")
    print("L0 differs. PAM-SGD recommended is the preset as it was then: ten solves an epoch, and a decoder that stays as it is")
    print("between them.\n")
    print("    node tests/bench/experiments.bench.mjs")
    print("    cargo run --release --example ablations -- SET seeds=0   # the same runs natively\n")
    paths = [path for name in FIGURES for path in sorted((FOLDER / "browser").glob(f"{name}-*.csv"))]
    for path in paths:
        name, activation = path.stem.rsplit("-", 1)
        heading, column, show, program = FIGURES[name]
        browser, native = rows(path), rows(FOLDER / "native" / path.name)
        print(f"## {heading}, {'TopK 15' if activation == 'topk' else 'ReLU'}\n")
        if (PICTURES / f"{path.stem}.png").exists():
            print(f"![{heading}: test MSE by setting](experiment-2/{path.stem}.png)\n")
        table(list(browser.values()), column, show)
        print()
        count, same, most = agreement(browser, native)
        if count:
            verdict = "within" if most <= AGREEMENT else "not within"
            print(f"Against the native program (`{program}`): {same} of {count} runs have the same test MSE to the last")
            print(f"digit; the largest relative difference is {100 * most:.3g} %, {verdict} {100 * AGREEMENT:g} %.\n")


if __name__ == "__main__":
    main()
