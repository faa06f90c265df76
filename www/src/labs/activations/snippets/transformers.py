# pip install torch transformers
import json
import numpy as np
import torch
from transformers import AutoModel, AutoTokenizer

name, layer = "gpt2", 6
texts = ["The cat sat on the mat.", "Sparse autoencoders are splines."]

tokenizer = AutoTokenizer.from_pretrained(name)
model = AutoModel.from_pretrained(name).eval()
rows, tokens = [], []
for number, text in enumerate(texts):
    ids = tokenizer(text, return_tensors="pt", truncation=True, max_length=512)
    with torch.no_grad():
        hidden = model(**ids, output_hidden_states=True).hidden_states[layer]
    rows.append(hidden[0].half().numpy())
    words = [tokenizer.decode([i]) for i in ids["input_ids"][0].tolist()]
    for i, word in enumerate(words):
        before, after = words[max(0, i - 8) : i], words[i + 1 : i + 9]
        tokens.append({"token": word, "before": "".join(before), "after": "".join(after), "sequence": number})

np.save("activations.npy", np.concatenate(rows))
with open("activations.tokens.json", "w") as file:
    json.dump(tokens, file)
