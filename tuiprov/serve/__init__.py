"""The HTTP(S) service for phones, and what it learns of them."""
