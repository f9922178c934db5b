// BitcoinCrypto: see docs/architecture.md.
