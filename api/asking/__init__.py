"""Asking beforehand: what the policy says of every cell, and what a document would meet. No row is read here."""
