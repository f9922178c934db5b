// Signer: see docs/architecture.md.
