"""The report of a corpus: one page, and what other thresholds would drop."""
