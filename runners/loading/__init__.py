"""From a spec to a model that answers: where it lies, its weights and tokenizer, how it is spoken to."""
