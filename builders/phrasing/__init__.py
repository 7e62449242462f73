"""Checking instruction templates; see `builders.templating` for using them."""
