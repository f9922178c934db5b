// Policy: see docs/architecture.md.
