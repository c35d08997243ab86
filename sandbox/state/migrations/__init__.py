"""The board's database from one version to the next; `scripts/migration` writes them."""
