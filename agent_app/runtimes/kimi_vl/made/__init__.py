"""Made checkpoints: random weights and an own vocabulary in the exact real format, for tests."""
