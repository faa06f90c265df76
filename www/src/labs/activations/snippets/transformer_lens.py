# pip install torch safetensors transformer-lens
import json
import torch
from safetensors.torch import save_file
from transformer_lens import HookedTransformer

hook = "blocks.6.hook_resid_post"
texts = ["The cat sat on the mat.", "Sparse autoencoders are splines."]

model = HookedTransformer.from_pretrained("gpt2")
rows, tokens = [], []
for number, text in enumerate(texts):
    with torch.no_grad():
        _, cache = model.run_with_cache(text, names_filter=hook)
    # The first position holds the token that begins every text.
    rows.append(cache[hook][0, 1:].half().cpu())
    words = model.to_str_tokens(text)[1:]
    for i, word in enumerate(words):
        before, after = words[max(0, i - 8) : i], words[i + 1 : i + 9]
        tokens.append({"token": word, "before": "".join(before), "after": "".join(after), "sequence": number})

save_file({hook: torch.cat(rows)}, "activations.safetensors")
with open("activations.tokens.json", "w") as file:
    json.dump(tokens, file)
