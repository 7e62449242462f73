"""Finding texts of suites and test splits in training text; see `builders.decontamination.contamination`."""
