// Wallet: see docs/architecture.md.
