// LocalSocket: see docs/architecture.md.
