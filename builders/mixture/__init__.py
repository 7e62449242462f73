"""The parts of a mixture: its settings, quotas, token counts and shares; see `builders.mixture.choose`."""
