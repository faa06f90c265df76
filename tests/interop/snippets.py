"""Do the snippets that the activations lab shows write files that it opens?

    pip install -r tests/interop/requirements-libraries.txt && python tests/interop/snippets.py

Each runs as it stands, in a folder where "gpt2" is a model of seven layers with random weights and
"NeelNanda/pile-10k" a few texts: libraries look for such folders before they download. Then the lab's own reader opens
what was written (www/test/snippets.test.ts) and compares it with the activations that a hook of PyTorch's saw here.
"""

import json
import os
import pathlib
import runpy
import shutil
import subprocess
import sys
import tempfile

os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["CUDA_VISIBLE_DEVICES"] = ""

import datasets
import torch
from tokenizers import ByteLevelBPETokenizer
from transformers import GPT2Config, GPT2LMHeadModel, GPT2TokenizerFast

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
SNIPPETS = REPOSITORY / "www/src/labs/activations/snippets"
TEXTS = [
    "The cat sat on the mat, and the dog lay by the door. Nobody had opened it since the morning.",
    "Sparse autoencoders are splines: each cell of the input has one affine map of its own.",
    "Whoever reads this far may have a cup of tea, or two, and a biscuit if there is one left.",
    "It rained on Monday; on Tuesday the river rose, and on Wednesday the bridge was closed.",
] * 8
LAYER = 6


def hub():
    """The folders that stand in for downloads."""
    end = "<|endoftext|>"
    bpe = ByteLevelBPETokenizer()
    bpe.train_from_iterator(TEXTS, vocab_size=400, special_tokens=[end])
    tokenizer = GPT2TokenizerFast(tokenizer_object=bpe._tokenizer, bos_token=end, eos_token=end, unk_token=end)
    tokenizer.save_pretrained("gpt2")
    torch.manual_seed(0)
    config = GPT2Config(vocab_size=len(tokenizer), n_layer=LAYER + 1, n_ctx=1024, bos_token_id=0, eos_token_id=0)
    GPT2LMHeadModel(config).save_pretrained("gpt2")
    texts = pathlib.Path("NeelNanda/pile-10k")
    texts.mkdir(parents=True)
    texts.joinpath("train.jsonl").write_text("".join(json.dumps({"text": text}) + "\n" for text in TEXTS))


def after_block(model, block, ids):
    """What a block of the model gives out for each token, by a hook of PyTorch's own: [tokens, d_in]."""
    seen = []

    def hook(module, arguments, output):
        seen.append(output[0] if isinstance(output, tuple) else output)

    with model.transformer.h[block].register_forward_hook(hook), torch.no_grad():
        model(torch.tensor([list(ids)]))
    return seen[0].reshape(len(ids), -1)


def expected(name, found):
    """The rows and the tokens that the file of a snippet should hold, given its own variables."""
    model = GPT2LMHeadModel.from_pretrained("gpt2").eval()
    tokenizer = GPT2TokenizerFast.from_pretrained("gpt2")
    if name == "saelens":
        sequences = datasets.load_from_disk("activations")["token_ids"]
        rows = [after_block(model, LAYER, ids) for ids in sequences]
        return rows, [str(i) for ids in sequences for i in ids]
    rows, tokens = [], []
    for text in found["texts"]:
        ids = tokenizer(text)["input_ids"]
        tokens += [tokenizer.decode([i]) for i in ids]
        if name == "transformer_lens":
            after = after_block(model, LAYER, [tokenizer.bos_token_id, *ids])[1:]
            # It moves the mean of what blocks write out of its weights.
            rows.append(after - after.mean(-1, keepdim=True))
        else:
            # transformers counts the embedding as the first of its hidden states.
            rows.append(after_block(model, LAYER - (name == "transformers"), ids))
    return rows, tokens


def run(name, to):
    """Runs a snippet in a new folder, and keeps in `to` what it wrote and what that should hold."""
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        hub()
        found = runpy.run_path(str(SNIPPETS / f"{name}.py"), run_name="__main__")
        rows, tokens = expected(name, found)
        shutil.copytree(folder, to, ignore=shutil.ignore_patterns("gpt2", "NeelNanda"))
        os.chdir(REPOSITORY)
    rows = torch.cat(rows)
    (to / "expected.f32").write_bytes(rows.numpy().astype("<f4").tobytes())
    (to / "expected.json").write_text(json.dumps({"shape": list(rows.shape), "tokens": tokens}))


def main():
    names = sys.argv[1:] or sorted(path.stem for path in SNIPPETS.glob("*.py"))
    with tempfile.TemporaryDirectory() as folder:
        for name in names:
            print(f"Running {name}.py", flush=True)
            run(name, pathlib.Path(folder) / name)
        test = ["node_modules/.bin/vitest", "run", "test/snippets.test.ts"]
        return subprocess.run(test, cwd=REPOSITORY / "www", env={**os.environ, "SNIPPETS": folder}).returncode


if __name__ == "__main__":
    sys.exit(main())
