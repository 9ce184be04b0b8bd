"""Courses, who teaches them, and what is assessed in them."""
