# pip install sae-lens
from sae_lens import CacheActivationsRunner, CacheActivationsRunnerConfig

config = CacheActivationsRunnerConfig(
    model_name="gpt2",
    dataset_path="NeelNanda/pile-10k",
    hook_name="blocks.6.hook_resid_post",
    d_in=768,
    context_size=32,
    model_batch_size=4,
    training_tokens=256,
    buffer_size_gb=0.001,
    new_cached_activations_path="activations",
    dtype="float16",
    shuffle=False,
)
CacheActivationsRunner(config).run()
# Drop the folder “activations” on this page.
