"""Plain Strawberry whose root resolvers run one hand-written statement per document: nothing guarded or recorded."""
