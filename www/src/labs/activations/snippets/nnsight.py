# pip install torch nnsight pyarrow
import pyarrow as pa
import pyarrow.parquet as pq
from nnsight import LanguageModel

texts = ["The cat sat on the mat.", "Sparse autoencoders are splines."]

model = LanguageModel("gpt2", device_map="auto", dispatch=True)
layer = model.transformer.h[6]
rows, tokens = [], []
for text in texts:
    with model.trace(text):
        hidden = layer.output[0].save()
    rows.append(hidden.detach().float().cpu().reshape(-1, hidden.shape[-1]).tolist())
    tokens.append([model.tokenizer.decode([i]) for i in model.tokenizer(text)["input_ids"]])

lists = pa.list_(pa.list_(pa.float32()))
pq.write_table(pa.table({"activations": pa.array(rows, lists), "tokens": tokens}), "activations.parquet")
