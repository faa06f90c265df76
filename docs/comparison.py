"""Makes docs/comparison.md from the CSV files of the example `comparison`: no number on that page is typed by hand.

    python docs/comparison.py > docs/comparison.md
"""

import csv
import math
import pathlib
import statistics

FOLDER = pathlib.Path(__file__).parent / "results"
SETS = {"mnist": "MNIST, 256 latents, 15 active", "minilm": "MiniLM, 1,536 latents, 32 active"}
FAMILIES = {"topk": "TopK", "batchtopk": "BatchTopK", "jumprelu": "JumpReLU", "relu": "ReLU"}
METHODS = {"pam": "PAM-SGD", "sgd": "SGD", "sgd-recipe": "SGD, recipe"}
PROTOCOLS = {"epochs": "equal epochs", "seconds": "equal seconds"}
TOPK = "topk-pam,topk-sgd,topk-sgd-recipe"
FIELD = "batchtopk-pam,batchtopk-sgd,batchtopk-sgd-recipe"
JUMPRELU = "measure=topk-pam methods=jumprelu-pam,jumprelu-sgd,jumprelu-sgd-recipe"
THREE_STEPS = "steps=0.003,0.01,0.03"
OF_MINILM = f"methods={TOPK},batchtopk-pam,batchtopk-sgd-recipe {THREE_STEPS}"
# What made the files; a file that is not there was not run.
COMMANDS = {
    "mnist-1": f"mnist shares=0.01 methods={TOPK},{FIELD}",
    "mnist-5": f"mnist shares=0.05 methods={TOPK},{FIELD}",
    "mnist-10": f"mnist shares=0.1 methods={TOPK},{FIELD}",
    "mnist-25": f"mnist shares=0.25 methods={TOPK},{FIELD}",
    "mnist-50": f"mnist shares=0.5 methods={TOPK},{FIELD}",
    "mnist-100": f"mnist shares=1 methods={TOPK},{FIELD}",
    "mnist-jumprelu": f"mnist {JUMPRELU}",
    "minilm-1": f"minilm shares=0.01 {OF_MINILM}",
    "minilm-5": f"minilm shares=0.05 methods={TOPK} {THREE_STEPS}",
    "minilm-10": f"minilm shares=0.1 {OF_MINILM}",
    "minilm-25": f"minilm shares=0.25 methods={TOPK} {THREE_STEPS}",
    "minilm-50": f"minilm shares=0.5 methods={TOPK} {THREE_STEPS}",
    "minilm-100": f"minilm shares=1 methods={TOPK} {THREE_STEPS}",
    "minilm-batchtopk": f"minilm shares=0.05,0.25,0.5,1 measure=topk-pam methods=batchtopk-pam,batchtopk-sgd-recipe {THREE_STEPS}",
    "minilm-jumprelu": f"minilm shares=0.01,0.05,0.1,0.25,1 {JUMPRELU} {THREE_STEPS}",
}
# Active latents at which frontiers are compared.
LEVELS = (5, 10, 20, 40, 80)
WINNERS = """## Who wins

PAM-SGD's test mse relative to the lower of the means of SGD and of SGD with the recipe; BatchTopK on MiniLM was run with the
recipe alone. ≈: they are closer than their two
spreads together. In brackets: so much more or fewer latents are active with PAM-SGD, where it is over a tenth; a lower error with
more is no win, and a higher one with fewer no loss. †: on validation rows this SGD has a lower error after ten epochs than after
all that its seconds allow, so that equal epochs are the fairer comparison.
"""
# Families whose l0 is an outcome, and not the k that was asked for.
BY_OUTCOME = {"jumprelu", "relu"}
FOUR_STEPS = "steps=0.001,0.003,0.01,0.03"
FRONTIERS = {
    "mnist-topk": f"mnist methods={TOPK},{FIELD}",
    "mnist-relu": "mnist methods=relu-pam,relu-sgd,relu-sgd-recipe",
    "mnist-jumprelu": f"mnist methods=jumprelu-pam,jumprelu-sgd,jumprelu-sgd-recipe k=5,10,20,40 {FOUR_STEPS}",
    "minilm-topk": f"minilm share=1 methods={TOPK} k=8,16,32,64 {FOUR_STEPS}",
}
ABOUT = """# SGD at its best against PAM-SGD

Made by `docs/comparison.py` from the CSV files of the examples `comparison` and `frontier`; no number on this page is typed by hand.

Each method is trained with each of the step sizes {steps} (on MiniLM {steps_minilm}) from one seed on nine tenths
of the share's rows, and the step size of the least mse on the other tenth is taken. With each step size JumpReLU starts from up to
{thresholds} thresholds, which are searched for until its l0 on that tenth is the target, and the best is taken of the runs whose l0 is at
most a tenth above it, or nearest to it. All rows of the share are then trained on from each seed, and the test rows are measured
once. Figures are means over seeds ± the sample standard deviation, test mse in units of the normalised data. Bold is the lowest
mean of a family (of TopK, BatchTopK or JumpReLU) under a protocol. *Equal seconds* gives SGD, and PAM-SGD of other families, as many
epochs as take as long as PAM-SGD's {epochs} epochs of TopK, by CPU time of one thread; multiply-adds are counted by formula. The
machine was shared, so that seconds say little more than their ratio. JumpReLU, and BatchTopK on 5, 25, 50 and 100 % of MiniLM, were
run apart from TopK, each with runs of TopK of its own as the measure: seconds are to be compared within a family.

- *PAM-SGD*: preset `recommended` with the step size that was chosen. How often it solves, and the rows of its sweeps, were
  set when it was made by errors of single runs, test errors among them: its figures are to that extent optimistic.
- *SGD*: Adam on all parameters, untied, from a small random decoder, the step size falling linearly to 0.
- *SGD, recipe*: the same with what other programs add: decoder rows of unit norm that start as W_encᵀ, b_dec at the
  geometric median, AuxK, and a warm-up over 5 % of the steps ([recipes](recipes.md)).
- BatchTopK is measured by its threshold, JumpReLU is trained towards the same number of active latents: their l0 on
  test rows is not exactly that of TopK, and a lower error at a higher l0 is no win. Where l0 differs by more than a
  tenth from TopK's, it is marked with *.

The page *Results* of the site shows the same as plots, each point of which opens its run in a lab.

What was not run has no row: {runs} runs of `comparison` in all, of which {failed} failed.
"""


def read(kind):
    rows = []
    for path in sorted(FOLDER.glob(f"{kind}-*.csv")):
        with open(path, newline="") as file:
            rows += csv.DictReader(file)
    return rows


def average(values):
    """Summed in order, as the page *Results* does: halves are then rounded alike."""
    total = 0.0
    for value in values:
        total += value
    return total / len(values)


def most_thresholds(rows):
    """With how many thresholds a method was tried at most under a step size."""
    tried = {}
    for row in rows:
        if row["role"] == "validation" and row.get("threshold"):
            place = tuple(row[column] for column in ("set", "share", "protocol", "method", "lr"))
            tried[place] = tried.get(place, 0) + 1
    return max(tried.values())


def spread(runs, figure, digits):
    values = [float(run[figure]) for run in runs]
    text = f"{average(values):.{digits}f}"
    return text + (f" ± {statistics.stdev(values):.{digits}f}" if len(values) > 1 else "")


def tuned(run):
    threshold = run.get("threshold")
    return f"{float(run['lr']):g}" + (f", from {float(threshold):.3g}" if threshold else "")


def mean(runs, figure="mse"):
    return average([float(run[figure]) for run in runs])


def main():
    rows = read("comparison")
    tested = [row for row in rows if row["role"] == "test" and row["mse"]]
    failed = sum(1 for row in rows if not row["mse"])
    steps = {data: ", ".join(f"{lr:g}" for lr in sorted({float(row["lr"]) for row in rows if row["set"] == data})) for data in SETS}
    epochs = sorted({int(row["epochs"]) for row in rows if row["method"] == "topk-pam"})
    thresholds = most_thresholds(rows)
    told = {"thresholds": thresholds, "steps": steps["mnist"], "steps_minilm": steps["minilm"], "epochs": "/".join(map(str, epochs))}
    print(ABOUT.format(runs=len(rows), failed=failed, **told))
    groups = {}
    for row in tested:
        activation, method = row["method"].split("-", 1)
        place = (row["set"], float(row["share"]), activation)
        groups.setdefault(place, {}).setdefault(row["protocol"], {}).setdefault(method, []).append(row)
    winners(groups, rows)
    for data, title in SETS.items():
        for share in sorted({place[1] for place in groups if place[0] == data}):
            print(f"\n## {title}: {100 * share:g} % of the training rows\n")
            print("| family | protocol | method | step size | epochs | test mse | l0 | dead | CPU s | multiply-adds |")
            print("| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |")
            for activation, family in FAMILIES.items():
                protocols = groups.get((data, share, activation), {})
                target = mean(groups[(data, share, "topk")]["epochs"]["pam"], "l0") if (data, share, "topk") in groups else None
                for protocol, name in PROTOCOLS.items():
                    found = against(protocols, protocol)
                    best = min(found, key=lambda method: mean(found[method]), default=None)
                    for method, label in METHODS.items():
                        if method not in found:
                            continue
                        runs = found[method]
                        error = spread(runs, "mse", 4)
                        error = f"**{error}**" if method == best and len(found) > 1 else error
                        l0 = mean(runs, "l0")
                        mark = "*" if target and abs(l0 / target - 1) > 0.1 else ""
                        print(
                            f"| {family} | {name} | {label} | {tuned(runs[0])} | {runs[0]['epochs']} | {error} | "
                            f"{spread(runs, 'l0', 1)}{mark} | {100 * mean(runs, 'dead_share'):.1f} % | "
                            f"{mean(runs, 'cpu_seconds'):.1f} | {mean(runs, 'multiply_adds'):.1e} |"
                        )
    frontiers()
    known()
    print("\nCommands, each of which prints the lines of one file in `docs/results/`:\n")
    for file, arguments in COMMANDS.items():
        if (FOLDER / f"comparison-{file}.csv").exists():
            print(f"    cargo run --release --example comparison -- {arguments} \\\n      > docs/results/comparison-{file}.csv")
    for file, arguments in FRONTIERS.items():
        print(f"    cargo run --release --example frontier -- {arguments} \\\n      > docs/results/frontier-{file}.csv")


def winners(groups, rows):
    """PAM-SGD's test mse against the lower one of SGD's, by share."""
    shares = sorted({share for _, share, _ in groups})
    print(WINNERS)
    print(f"| set | family | protocol | {' | '.join(f'{100 * share:g} %' for share in shares)} |")
    print(f"| --- | --- | --- |{' --- |' * len(shares)}")
    for data in SETS:
        for family, label in FAMILIES.items():
            found = [groups.get((data, share, family), {}) for share in shares]
            for protocol, name in PROTOCOLS.items():
                cells = [verdict(protocols, protocol, rows) for protocols in found]
                if any(cells):
                    print(f"| {SETS[data].split(',')[0]} | {label} | {name} | {' | '.join(cells)} |")


def verdict(protocols, protocol, rows):
    """PAM-SGD against the better SGD, as a cell of the table; empty where they were not run."""
    found = against(protocols, protocol)
    rivals = {method: runs for method, runs in found.items() if method != "pam"}
    if "pam" not in found or not rivals:
        return ""
    own, rival = found["pam"], min(rivals.values(), key=mean)
    text = f"{100 * (mean(own) / mean(rival) - 1):+.1f} %"
    spreads = [statistics.stdev([float(run["mse"]) for run in runs]) if len(runs) > 1 else 0.0 for runs in (own, rival)]
    if abs(mean(own) - mean(rival)) < sum(spreads):
        text += " ≈"
    l0 = mean(own, "l0") / mean(rival, "l0") - 1
    if abs(l0) > 0.1:
        text += f" ({100 * l0:+.0f} %)"
    if protocol == "seconds" and overfits(protocols, rival[0], rows):
        text += " †"
    return text


def overfits(protocols, run, rows):
    """Whether a method's validation error was lower at equal epochs than in all of the seconds."""
    fewer = [other for runs in protocols.get("epochs", {}).values() for other in runs if other["method"] == run["method"]]
    return bool(fewer) and validated(fewer[0], rows) < validated(run, rows)


def validated(run, rows):
    """The validation error by which what a run was tuned to was chosen."""
    chosen = ("set", "share", "protocol", "method", "lr")
    return min(
        float(row["mse"])
        for row in rows
        if row["role"] == "validation" and row["mse"] and all(row[key] == run[key] for key in chosen)
        and row.get("threshold") == run.get("threshold")
    )


def frontiers():
    """FVU against l0 as k, JumpReLU's target or the l1 penalty of ReLU varies."""
    curves, rows = {}, read("frontier")
    for row in rows:
        if row["role"] == "test" and row["mse"]:
            family, method = row["method"].split("-", 1)
            place = (row["set"], float(row["share"]))
            protocols = curves.setdefault(place, {}).setdefault(family, {})
            points = protocols.setdefault(row["protocol"], {}).setdefault(method, {})
            points.setdefault(float(row["k"] or row["l1"]), []).append(row)
    for place in sorted(curves, key=lambda place: (list(SETS).index(place[0]), place[1])):
        (data, share), found = place, curves[place]
        families = {family: found[family] for family in FAMILIES if family in found}
        of_place = [row for row in rows if (row["set"], float(row["share"])) == place]
        print(f"\n## Frontiers: {SETS[data].split(',')[0]}, {100 * share:g} % of the training rows\n")
        print(steps_tried(families, of_place))
        print(f"- By CPU time a run of PAM-SGD takes {longer(families)} as long as one of as many epochs of SGD with the recipe.")
        print("- PAM-SGD's fvu against the lower of SGD's at as many active latents:\n")
        print(f"| family | protocol | rows | {' | '.join(map(str, LEVELS))} |")
        print(f"| --- | --- | --- |{' --- |' * len(LEVELS)}")
        for family, protocols in families.items():
            for protocol in protocols:
                of = "validation" if family in BY_OUTCOME else "test"
                levels = " | ".join(at_levels(protocols, protocol, of_place, family))
                print(f"| {FAMILIES[family]} | {PROTOCOLS[protocol]} | {of} | {levels} |")
        print("\n| family | k or l1 | protocol | method | step size | epochs | fvu | l0 | dead |")
        print("| --- | --- | --- | --- | --- | --- | --- | --- | --- |")
        for family, protocols in families.items():
            for protocol, methods in protocols.items():
                for method, points in methods.items():
                    for setting, runs in points.items():
                        print(
                            f"| {FAMILIES[family]} | {setting:g} | {PROTOCOLS[protocol]} | {METHODS[method]} | {tuned(runs[0])} | "
                            f"{runs[0]['epochs']} | {spread(runs, 'fvu', 4)} | {spread(runs, 'l0', 1)} | {100 * mean(runs, 'dead_share'):.1f} % |"
                        )


def steps_tried(families, rows):
    """How the points came about, as a paragraph."""
    steps = ", ".join(f"{lr:g}" for lr in sorted({float(row["lr"]) for row in rows}))
    text = (
        f"Each method at its best step size for each k, chosen as above among {steps}. Between points of a curve the logarithm\n"
        "of fvu is interpolated by that of l0. *Equal seconds* gives SGD as many epochs as take as long as PAM-SGD's ten with\n"
        "the same k or penalty; other processes ran beside, and the epochs of neighbouring k differ by up to a half for that.\n"
    )
    if BY_OUTCOME & set(families):
        thresholds = {row["threshold"] for row in rows if row["threshold"]}
        text += (
            "Of ReLU each l1 penalty has the step size of the least validation mse with the penalty; JumpReLU's k is the l0 that\n"
            f"it is trained towards, here from each of {len(thresholds)} thresholds. What is chosen so need not be best at its l0, which is an\n"
            "outcome and not a setting: other step sizes of SGD reach lower fvu there. So the table below compares these two by all\n"
            "runs on validation rows (seed 1) that no other run of the method beats in both fvu and l0.\n"
        )
    return text


def at_levels(protocols, protocol, rows, family):
    """PAM-SGD against the better SGD at each of the levels, where both reach it."""
    curves = {}
    for method, points in against(protocols, protocol).items():
        # PAM-SGD is the measure of seconds, and is run once.
        run_as = "epochs" if method == "pam" else protocol
        if family in BY_OUTCOME:
            curves[method] = undominated([row for row in rows if row["protocol"] == run_as], f"{family}-{method}")
        else:
            curves[method] = [(mean(runs, "l0"), mean(runs, "fvu")) for runs in points.values()]
    ratios = []
    for level in LEVELS:
        found = {method: at_level(curve, level) for method, curve in curves.items()}
        rivals = [fvu for method, fvu in found.items() if method != "pam" and fvu]
        ratios.append(f"{100 * (found['pam'] / min(rivals) - 1):+.1f} %" if rivals and found.get("pam") else "")
    return ratios


def longer(families):
    """How many times as long as SGD with the recipe PAM-SGD takes, by family."""
    parts = []
    for family, protocols in families.items():
        methods = protocols["epochs"]
        seconds = [mean([run for runs in methods[method].values() for run in runs], "cpu_seconds") for method in ("pam", "sgd-recipe")]
        parts.append(f"{seconds[0] / seconds[1]:.1f} ({FAMILIES[family]})")
    listed = f"{', '.join(parts[:-1])} and {parts[-1]}" if len(parts) > 1 else parts[0]
    return f"{listed} times"


def at_level(points, level):
    """The fvu of a curve of points (l0, fvu) at an l0, if it reaches both sides of it."""
    curve = sorted(points)
    for (left, above), (right, below) in zip(curve, curve[1:]):
        if left <= level <= right:
            part = math.log(level / left) / math.log(right / left)
            return math.exp((1 - part) * math.log(above) + part * math.log(below))
    return None


def undominated(rows, method):
    """Of all runs of a method on validation rows those with a lower fvu than every run with no more active latents."""
    tried = [
        (float(row["l0"]), float(row["fvu"]))
        for row in rows
        if row["role"] == "validation" and row["mse"] and row["method"] == method
    ]
    return [(l0, fvu) for l0, fvu in tried if l0 > 0 and all(other > fvu for least, other in tried if least <= l0 and other != fvu)]


def known():
    """What the methods recover of known features."""
    with open(FOLDER / "known-features.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    print("\n## Known features\n")
    print("4,000 rows of 20 columns, each a sum of 3 of 32 random directions on average, with noise of length 0.05; 32 latents, 30")
    print("epochs, step size 0.01 for all (not tuned). MCC is the mean cosine of features and decoder rows matched one to one, F1")
    print("that of a latent's activity as a sign of its feature. *Prefixes* are 8, 16 and 32.\n")
    print("| method | MCC | F1 | fvu | l0 | dead |")
    print("| --- | --- | --- | --- | --- | --- |")
    methods = {}
    for row in rows:
        methods.setdefault(row["method"], []).append(row)
    for name, runs in methods.items():
        activation, method = name.split("-", 1)
        label = f"{FAMILIES[activation]}, {METHODS.get(method, METHODS[method.split('-')[0]] + ', prefixes')}"
        print(
            f"| {label} | {spread(runs, 'mcc', 3)} | {spread(runs, 'f1', 3)} | {spread(runs, 'fvu', 3)} | "
            f"{spread(runs, 'l0', 2)} | {100 * mean(runs, 'dead_share'):.1f} % |"
        )
    for method in ("pam", "sgd"):
        best = max((name for name in methods if f"-{method}" in name), key=lambda name: mean(methods[name], "mcc"))
        print(f"\nThe highest mean MCC of {METHODS[method]} is {mean(methods[best], 'mcc'):.3f} ({best}).")
    print("\n    cargo run --release --example comparison -- known > docs/results/known-features.csv")


def against(protocols, protocol):
    """The runs of each method under a protocol. TopK by PAM-SGD is the measure of seconds, and is run once."""
    found = dict(protocols.get(protocol, {}))
    if protocol == "seconds" and found and "pam" not in found and "pam" in protocols.get("epochs", {}):
        found["pam"] = protocols["epochs"]["pam"]
    return found


if __name__ == "__main__":
    main()
