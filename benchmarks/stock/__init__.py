"""Plain Strawberry over SQLAlchemy's asynchronous ORM and DataLoader: nothing guarded, nothing recorded."""
