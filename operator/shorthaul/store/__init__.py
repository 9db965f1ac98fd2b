"""The store: the ledger, what was counted and survives (embedded SQLite)."""
