"""Do SAEs keep their outputs on the way to other programs and back?

    pip install -r tests/interop/requirements.txt             # NumPy and safetensors: the first table
    pip install -r tests/interop/requirements-libraries.txt   # also SAELens and sparsify: gigabytes
    pip install --no-deps -r tests/interop/requirements-alone.txt   # and dictionary_learning
    python tests/interop/interop.py [--activations FILE] [--fixtures]

1. SAEs that the crate trains on generated digits (and on a file of activations), and writes with standardisation
   folded in, are recomputed with NumPy from the files alone.
2. SAELens, sparsify and dictionary_learning load the same folders, where they are installed.
3. They, dictionary_learning and NumPy (for Gemma Scope) write folders that the crate reads.

The error is the largest difference over the largest output; it must stay below 1e-5. Exit status 1 says that one does
not. `--fixtures` writes small folders of part 3 to tests/interop/fixtures, where tests/interop/other_programs.rs reads them.
"""

import argparse
import importlib.metadata
import io
import json
import math
import os
import pickle
import subprocess
import sys
import tempfile
import warnings
import zipfile
from pathlib import Path

import numpy as np
from safetensors.numpy import load_file, save_file

CLOSE = 1e-5
REPOSITORY = Path(__file__).resolve().parents[2]


def top_k_relu(pre, k):
    order = np.argsort(-pre, axis=-1, kind="stable")[:, :k]
    z = np.zeros_like(pre)
    np.put_along_axis(z, order, np.maximum(np.take_along_axis(pre, order, -1), 0), -1)
    return z


def load_float64(path):
    return {name: value.astype(np.float64) for name, value in load_file(path).items()}


def saelens_in_numpy(folder, x):
    config = json.loads((folder / "cfg.json").read_text())
    weights = load_float64(folder / "sae_weights.safetensors")
    assert config["apply_b_dec_to_input"] is False and config["normalize_activations"] == "none"
    pre = x.astype(np.float64) @ weights["W_enc"] + weights["b_enc"]
    z = {
        "standard": lambda: np.maximum(pre, 0),
        "jumprelu": lambda: np.where(pre > weights["threshold"], np.maximum(pre, 0), 0),
        "topk": lambda: top_k_relu(pre, config["k"]),
    }[config["architecture"]]()
    return z @ weights["W_dec"] + weights["b_dec"]


def sparsify_in_numpy(folder, x):
    config = json.loads((folder / "cfg.json").read_text())
    weights = load_float64(folder / "sae.safetensors")
    pre = (x - weights["b_dec"]) @ weights["encoder.weight"].T + weights["encoder.bias"]
    return top_k_relu(np.maximum(pre, 0), config["k"]) @ weights["W_dec"] + weights["b_dec"]


def saelens_itself(folder, x):
    import torch
    from sae_lens import SAE

    with torch.no_grad():
        return SAE.load_from_disk(folder)(torch.tensor(x)).numpy()


def sparsify_itself(folder, x):
    import torch
    from sparsify import SparseCoder

    with torch.no_grad():
        coder = SparseCoder.load_from_disk(folder)
        acts, indices, _ = coder.encode(torch.tensor(x))
        return coder.decode(acts, indices).numpy()


def dictionary_learning_in_numpy(folder, x):
    """The arithmetic of the class that the configuration names."""
    trainer = json.loads((folder / "config.json").read_text())["trainer"]
    weights = {name: value.astype(np.float64) for name, value in torch_file(folder / "ae.pt").items()}
    if trainer["dict_class"] == "JumpReluAutoEncoder":
        pre = x.astype(np.float64) @ weights["W_enc"] + weights["b_enc"]
        return np.where(pre > weights["threshold"], np.maximum(pre, 0), 0) @ weights["W_dec"] + weights["b_dec"]
    if trainer["dict_class"] == "AutoEncoderNew":
        pre = x.astype(np.float64) @ weights["encoder.weight"].T + weights["encoder.bias"]
        return np.maximum(pre, 0) @ weights["decoder.weight"].T + weights["decoder.bias"]
    pre = (x - weights["b_dec"]) @ weights["encoder.weight"].T + weights["encoder.bias"]
    z = {
        "AutoEncoderTopK": lambda: top_k_relu(np.maximum(pre, 0), int(weights["k"])),
        "BatchTopKSAE": lambda: np.where(pre > weights["threshold"], np.maximum(pre, 0), 0),
    }[trainer["dict_class"]]()
    return z @ weights["decoder.weight"].T + weights["b_dec"]


def torch_file(path):
    """The tensors of a file of torch.save, by Python's own unpickler."""
    types = {"FloatStorage": "<f4", "IntStorage": "<i4"}
    with zipfile.ZipFile(path) as archive:
        root = archive.namelist()[0].split("/")[0]

        class Unpickler(pickle.Unpickler):
            def find_class(self, module, name):
                if (module, name) == ("torch._utils", "_rebuild_tensor_v2"):
                    return lambda storage, offset, size, *_: storage[offset : offset + math.prod(size)].reshape(size)
                return {"OrderedDict": dict}.get(name, name)

            def persistent_load(self, place):
                kind, storage, key, _, count = place
                values = np.frombuffer(archive.read(f"{root}/data/{key}"), types[storage])
                assert kind == "storage" and len(values) == count
                return values

        return Unpickler(io.BytesIO(archive.read(f"{root}/data.pkl"))).load()


def dictionary_learning_itself(folder, x):
    import torch
    from dictionary_learning.utils import load_dictionary

    with torch.no_grad():
        dictionary, _ = load_dictionary(str(folder), "cpu")
        return dictionary(torch.tensor(x)).numpy()


def installed(package):
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


def error(found, expected):
    return float(np.abs(found.astype(np.float64) - expected).max() / np.abs(expected).max())


def crate(*arguments):
    command = ["cargo", "run", "--quiet", "--example", "interop", "--", *map(str, arguments)]
    subprocess.run(command, cwd=REPOSITORY, check=True)


def table(title, rows):
    """Prints lines of (case, reader, error or None); returns whether all errors are small."""
    print(f"\n{title}")
    for case, by, value in rows:
        verdict = "not installed" if value is None else f"{value:.1e}  {'ok' if value < CLOSE else 'TOO LARGE'}"
        print(f"  {case:52} {by:28} {verdict}")
    return all(value is None or value < CLOSE for _, _, value in rows)


def written_by_the_crate(folder, activations):
    crate("write", folder, *activations)
    rows = []
    versions = {
        "saelens": installed("sae-lens"),
        "sparsify": installed("eai-sparsify"),
        "dictionary_learning": installed("dictionary-learning"),
    }
    in_numpy = {
        "saelens": saelens_in_numpy,
        "sparsify": sparsify_in_numpy,
        "dictionary_learning": dictionary_learning_in_numpy,
    }
    itself = {
        "saelens": saelens_itself,
        "sparsify": sparsify_itself,
        "dictionary_learning": dictionary_learning_itself,
    }
    for case in sorted(folder.iterdir()):
        data = load_file(case / "rows.safetensors")
        for target in sorted(path.name for path in case.iterdir() if path.is_dir()):
            name = f"{case.name} as {target}"
            rows.append((name, "numpy, float64", error(data["xhat"], in_numpy[target](case / target, data["x"]))))
            version = versions[target]
            value = error(itself[target](case / target, data["x"]), data["xhat"]) if version else None
            rows.append((name, f"{target} {version or ''}", value))
    return table("Written by the crate, on test rows as they are stored (largest difference / largest output):", rows)


def written_by_libraries(folder, d_in, d_sae, n):
    """Folders of other programs' own making, each with rows and what the program makes of them."""
    rng = np.random.default_rng(1)

    def random(*shape, scale=0.3):
        return (rng.standard_normal(shape) * scale).astype(np.float32)

    x = random(n, d_in, scale=1.0)
    writers = {}

    def case(name, package, version):
        def enter(make):
            writers[name] = (make, package, version)

        return enter

    def fill(module):
        import torch

        for parameter in module.parameters():
            with torch.no_grad():
                parameter.copy_(torch.tensor(random(*parameter.shape)))

    def saelens(name, package_class, dtype="float32", **options):
        @case(f"SAELens {name}", "sae-lens", installed("sae-lens"))
        def make(path):
            import sae_lens
            import torch
            from sae_lens import saes

            config_class = getattr(saes, f"{package_class}Config")
            sae = getattr(saes, package_class)(config_class(d_in=d_in, d_sae=d_sae, dtype=dtype, **options))
            fill(sae)
            sae.save_model(path)
            with torch.no_grad():
                # bf16 and f16 are types to keep weights in: outputs are compared as float32 computes them.
                loaded = sae_lens.SAE.load_from_disk(path, dtype="float32")
                return loaded(torch.tensor(x)).numpy(), loaded.encode(torch.tensor(x)).numpy()

    saelens("standard", "StandardSAE")
    saelens("standard bf16", "StandardSAE", dtype="bfloat16", apply_b_dec_to_input=False)
    saelens("topk", "TopKSAE", k=3)
    saelens("topk f16 rescaled", "TopKSAE", dtype="float16", k=3, rescale_acts_by_decoder_norm=True)
    saelens("abstopk", "AbsTopKSAE", k=3, apply_b_dec_to_input=False)
    saelens("jumprelu", "JumpReLUSAE", apply_b_dec_to_input=False)

    @case("sparsify topk", "eai-sparsify", installed("eai-sparsify"))
    def sparsify(path):
        import torch
        from sparsify import SparseCoder, SparseCoderConfig

        coder = SparseCoder(d_in, SparseCoderConfig(num_latents=d_sae, k=3))
        fill(coder)
        coder.save_to_disk(path)
        with torch.no_grad():
            acts, indices, _ = coder.encode(torch.tensor(x))
            z = torch.zeros(n, d_sae).scatter_(1, indices, acts)
            return coder.decode(acts, indices).numpy(), z.numpy()

    def dictionary(name, module_name, class_name, **options):
        @case(f"dictionary_learning {name}", "dictionary-learning", installed("dictionary-learning"))
        def make(path):
            import torch

            module = __import__(f"dictionary_learning.{module_name}", fromlist=[class_name])
            made = getattr(module, class_name)(d_in, d_sae, **options)
            fill(made)
            if class_name == "BatchTopKSAE":
                made.threshold.fill_(0.25)
            torch.save(made.state_dict(), path / "ae.pt")
            trainer = {"dict_class": class_name, "activation_dim": d_in, "dict_size": d_sae, **options}
            (path / "config.json").write_text(json.dumps({"trainer": trainer, "buffer": {"d_submodule": d_in}}))
            with torch.no_grad():
                return made(torch.tensor(x)).numpy(), made.encode(torch.tensor(x)).numpy()

    dictionary("ReLU", "dictionary", "AutoEncoder")
    dictionary("ReLU, April", "dictionary", "AutoEncoderNew")
    dictionary("JumpReLU", "dictionary", "JumpReluAutoEncoder")
    dictionary("TopK", "trainers.top_k", "AutoEncoderTopK", k=3)
    dictionary("batch TopK", "trainers.batch_top_k", "BatchTopKSAE", k=3)

    @case("Gemma Scope", "numpy", installed("numpy"))
    def gemma_scope(path):
        weights = {
            "W_enc": random(d_in, d_sae),
            "W_dec": random(d_sae, d_in),
            "b_enc": random(d_sae),
            "b_dec": random(d_in),
            "threshold": np.abs(random(d_sae)),
        }
        np.savez(path / "params.npz", **weights)
        pre = x @ weights["W_enc"] + weights["b_enc"]
        z = (pre > weights["threshold"]) * np.maximum(pre, 0)
        return z @ weights["W_dec"] + weights["b_dec"], z

    def trained_by_saelens(name, package_class, **options):
        @case(f"SAELens {name}", "sae-lens", installed("sae-lens"))
        def make(path):
            import sae_lens
            import torch
            from sae_lens import saes

            config_class = getattr(saes, f"{package_class}Config")
            sae = getattr(saes, package_class)(config_class(d_in=d_in, d_sae=d_sae, k=3, **options))
            fill(sae)
            sae.topk_threshold.fill_(0.25)
            sae.save_inference_model(path)
            with torch.no_grad():
                loaded = sae_lens.SAE.load_from_disk(path)
                return loaded(torch.tensor(x)).numpy(), loaded.encode(torch.tensor(x)).numpy()

    trained_by_saelens("batchtopk", "BatchTopKTrainingSAE")
    trained_by_saelens("matryoshka", "MatryoshkaBatchTopKTrainingSAE", matryoshka_widths=[d_sae // 2, d_sae])

    @case("dictionary_learning matryoshka", "dictionary-learning", installed("dictionary-learning"))
    def matryoshka(path):
        import torch
        from dictionary_learning.trainers.matryoshka_batch_top_k import MatryoshkaBatchTopKSAE

        made = MatryoshkaBatchTopKSAE(d_in, d_sae, k=3, group_sizes=[d_sae // 2, d_sae - d_sae // 2])
        fill(made)
        made.threshold.fill_(0.25)
        torch.save(made.state_dict(), path / "ae.pt")
        trainer = {"dict_class": "MatryoshkaBatchTopKSAE", "activation_dim": d_in, "dict_size": d_sae, "k": 3}
        (path / "config.json").write_text(json.dumps({"trainer": trainer, "buffer": {"d_submodule": d_in}}))
        with torch.no_grad():
            return made(torch.tensor(x)).numpy(), made.encode(torch.tensor(x)).numpy()

    cases = []
    for name, (make, package, version) in writers.items():
        path = folder / name.lower().replace(",", "").replace(" ", "-")
        cases.append((name, package, version, path))
        if version:
            path.mkdir(parents=True, exist_ok=True)
            xhat, z = make(path)
            rows = {"x": x, "xhat": xhat.astype(np.float32), "z": z.astype(np.float32)}
            save_file(rows, path / "rows.safetensors")
    return cases


def read_by_the_crate(folder):
    cases = written_by_libraries(folder, d_in=48, d_sae=160, n=100)
    crate("read", folder)
    rows = []
    for name, package, version, path in cases:
        if not version:
            rows.append((name, package, None))
            continue
        theirs, ours = load_file(path / "rows.safetensors"), load_file(path / "ours.safetensors")
        rows.append((f"{name}, outputs", f"{package} {version}", error(ours["xhat"], theirs["xhat"])))
        rows.append((f"{name}, codes", f"{package} {version}", error(ours["z"], theirs["z"])))
    return table("Written by the libraries, read by the crate (100 rows):", rows)


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--fixtures", action="store_true", help="write tests/interop/fixtures and stop")
    arguments.add_argument("--activations", type=Path, help="a file of activations to train on too")
    arguments = arguments.parse_args()
    warnings.filterwarnings("ignore")
    os.environ["SPARSIFY_DISABLE_TRITON"] = "1"  # Triton's kernels need a GPU
    if arguments.fixtures:
        written_by_libraries(Path(__file__).parent / "fixtures", d_in=6, d_sae=10, n=8)
        return 0
    activations = [arguments.activations.resolve()] if arguments.activations else []
    with tempfile.TemporaryDirectory() as folder:
        good = written_by_the_crate(Path(folder) / "ours", activations)
    with tempfile.TemporaryDirectory() as folder:
        good = read_by_the_crate(Path(folder)) and good
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
