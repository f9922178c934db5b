// PolicyLanguage: see docs/architecture.md.
