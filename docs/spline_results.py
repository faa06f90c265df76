"""The part of results.md about the geometry of trained SAEs, from the CSV files that the example `spline` wrote."""

import csv

SETS = {
    "mnist": ("MNIST, TopK 15 of 256, 20 epochs on all training images", 15),
    "minilm": ("MiniLM, TopK 32 of 1536, 10 epochs on nine tenths of the rows", 32),
}

LABELS = ["SGD untied", "PAM-SGD recommended"]


def read(path):
    """By method, epoch and figure: values by what they are at."""
    found = {}
    if not path.exists():
        return found
    with path.open(newline="") as file:
        for row in csv.DictReader(file):
            figures = found.setdefault(row["label"], {}).setdefault(int(row["epoch"]), {})
            figures.setdefault(row["figure"], {})[row["at"]] = float(row["value"])
    return found


def quantiles(figures, figure, show):
    return " / ".join(show(figures[figure][at]) for at in ("10", "50", "90"))


def last(epochs):
    return epochs[max(epochs)]


def percent(share):
    return f"{100 * share:.3g} %"


def mse(value):
    return "–" if value is None or value != value else f"{value:.4f}"


def margins(found):
    print("""PAM-SGD recommended is here the preset as it was before its decoder followed each batch: ten solves an epoch.

Distances of 1 000 test rows from the border of their cell, absolute and as a share of the row's distance from the
mean row, and the jump of the reconstruction there; quantiles 10 / 50 / 90 %, through the epochs.

| method | epoch | margin | share | jump |
| --- | --- | --- | --- | --- |""")
    for label, epochs in found.items():
        for epoch, figures in sorted(epochs.items()):
            print(
                f"| {label} | {epoch} | {quantiles(figures, 'margin', lambda v: f'{v:.3g}')} | "
                f"{quantiles(figures, 'margin share', percent)} | {quantiles(figures, 'jump', lambda v: f'{v:.3g}')} |"
            )
    print()


def census(found, k):
    print("""Census: active sets of the training rows, test rows whose set no training row has, different sets of the strongest
latents; dead latents on the measured rows and those certified dead on the whole ball about them; audit on the same
rows: mse, with the best decoder, with the best amplitudes on each row's support, by orthogonal matching pursuit.

| method | rows | cells | entropy, nats | unseen | 1, 2, 3 strongest | dead, certified | mse | decoder | amplitudes | pursuit |
| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |""")
    for label, epochs in found.items():
        f = last(epochs)
        one = {figure: at[""] for figure, at in f.items() if "" in at}
        prefixes = ", ".join(f"{f['prefix cells'][str(j)]:.0f}" for j in (1, 2, 3))
        print(
            f"| {label} | {one['rows']:.0f} | {one['cells']:.0f} | {one['entropy']:.2f} | "
            f"{percent(one['unseen share'])} | {prefixes} | {one['dead']:.0f}, {one['certified']:.0f} | "
            f"{mse(one['mse'])} | {mse(one['decoder refit mse'])} | {mse(one['support mse'])} | {mse(one['pursuit mse'])} |"
        )
    print()


def bounds(found, k):
    figures = last(next(iter(found.values())))
    print(f"""Bounds on {figures['bounds rows']['']:.0f} training rows, parted by their j strongest latents: mse of local PCA of rank {k}, of
the least-squares fit on the codes of those j latents, of the SAE, of the parts' means, and of Lloyd's k-means with as
many centres on all of these rows; over parts of at least {k + 2} rows, whose share of the rows is *covered*. PCA of rank {k} of
all rows as one part: {', '.join(f"{mse(last(e)['global pca mse'][str(k)])}" for e in list(found.values())[:1])}.

| method | j | parts | covered | local PCA | fit | SAE | means | k-means |
| --- | --- | --- | --- | --- | --- | --- | --- | --- |""")
    for label, epochs in found.items():
        f = last(epochs)
        for depth in f["covered share"]:
            at = lambda figure: f.get(figure, {}).get(depth)
            print(
                f"| {label} | {depth} | {at('covered cells'):.0f} | {percent(at('covered share'))} | {mse(at('pca mse'))} | "
                f"{mse(at('refit mse'))} | {mse(at('sae mse'))} | {mse(at('mean mse'))} | {mse(at('k-means mse'))} |"
            )
    print()


def claim(name, found, k):
    """The paper's claim, an SAE lies between k-means and local PCA, as far as these figures go."""
    for label, epochs in found.items():
        f = last(epochs)
        places = {"between local PCA and the means": [], "below local PCA": [], "above the means": []}
        for depth, share in f["covered share"].items():
            if share > 0 and depth != str(k):
                pca, sae, mean = (f[figure][depth] for figure in ("pca mse", "sae mse", "mean mse"))
                place = "below local PCA" if sae < pca else "above the means" if sae > mean else "between local PCA and the means"
                places[place].append(depth)
        print(f"- {name}, {label}: {f['cells']['']:.0f} active sets on {f['rows']['']:.0f} training rows; "
              f"{percent(f['unseen share'][''])} of the test rows have a set of which no training row is.")
        covered = f["covered share"][str(k)]
        if covered == 0:
            print(f"  No cell holds {k + 2} of the {f['bounds rows']['']:.0f} rows measured, as a comparison takes: of the model's own cells these data say nothing.")
        else:
            pca, sae, mean = (mse(f[figure][str(k)]) for figure in ("pca mse", "sae mse", "mean mse"))
            print(f"  Its own cells of at least {k + 2} rows hold {percent(covered)} of the rows: local PCA {pca}, SAE {sae}, means {mean}.")
        where = "; ".join(f"{place} at j = {', '.join(depths)}" for place, depths in places.items() if depths)
        print(f"  Parted by its j strongest latents it lies {where}.")
        kmeans = f["k-means mse"]["1"]
        print(f"  On all rows measured its mse is {f['mse'][''] / kmeans:.2g} times that of k-means with as many centres as parts at j = 1.")


def section(folder):
    sets = {name: read(folder / f"spline-{name}.csv") for name in SETS}
    sets = {name: found for name, found in sets.items() if found}
    if not sets:
        return
    print("""## The exact geometry of trained SAEs

The paper's claim is that an SAE, one affine map on each of its cells, lies between k-means (a constant for each cell)
and local PCA (the best affine map of its rank for each cell). The cells of TopK are so many that almost every row has
one of its own, so the rows are parted by fewer of their latents, too. On such a part the SAE is many affine maps, so it
may lie below the one of local PCA. The smaller the parts, the less their local PCA says: of as many rows as its rank and
two more it leaves next to nothing, whatever the rows are.
""")
    for name, found in sets.items():
        claim(SETS[name][0].split(",")[0], found, SETS[name][1])
    print()
    for name, found in sets.items():
        title, k = SETS[name]
        print(f"### {title}\n\n    cargo run --release --example spline -- {name} > docs/results/spline-{name}.csv\n")
        missing = [label for label in LABELS if label not in found]
        if missing:
            print(f"Not measured yet: {', '.join(missing)}.\n")
        margins(found)
        census(found, k)
        bounds(found, k)
