// Gate: see docs/architecture.md.
