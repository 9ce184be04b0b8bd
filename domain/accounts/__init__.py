"""Sessions and tokens: how a person proves who they are."""
