"""The trail: one event per request that released or denied personal data."""
