// Front: see docs/architecture.md.
