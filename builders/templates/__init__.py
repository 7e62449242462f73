"""Checking instruction templates; see `builders.templates.loading` for using them."""
