"""The gate every GraphQL document passes: scanned, parsed, measured, validated, cached, priced.

``documents.Documents`` is the way in. Each step is linear in the document's size and bounded by ``limits.Limits``;
none trusts what the next would find.
"""
