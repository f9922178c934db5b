// Bytes: see docs/architecture.md.
