"""The HTTP edge: what comes in is checked and bounded, what goes out is a GraphQL answer."""
