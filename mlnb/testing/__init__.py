"""Fakes and the contract suites that plug-ins must pass; public, for plug-in authors."""
