// Bitcoin: see docs/architecture.md.
