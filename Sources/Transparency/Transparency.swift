// Transparency: see docs/architecture.md.
