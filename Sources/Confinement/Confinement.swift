// Confinement: see docs/architecture.md.
