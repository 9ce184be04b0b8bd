"""The one reader: every domain object in every answer is read here, decided cell by cell, and accounted for."""
