"""What the search hands to the kernel, as text and as Coq sentences, and how a model is shown."""
