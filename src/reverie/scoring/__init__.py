"""An objective bound to a network: activations in, scores and seeds (gradients at the layers) out."""
