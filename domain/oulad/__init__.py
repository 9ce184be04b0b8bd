"""The Open University Learning Analytics Dataset (OULAD): its published files, checked as a whole and then loaded."""
