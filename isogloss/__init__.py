"""The spine shared by the four rooms: languages, records, provenance, errors and the console."""

__version__ = "0.1.0"
