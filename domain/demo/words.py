"""The words that the demo's people are described with, and their ages."""

from collections.abc import Mapping

from domain.demo.kinds import Kind

AGES: Mapping[Kind, tuple[int, int]] = {
    Kind.LEARNER: (18, 67),
    Kind.MINOR: (12, 16),
    Kind.GUARDIAN: (32, 60),
    Kind.INSTRUCTOR: (28, 64),
    Kind.ENTERPRISE_ADMIN: (28, 60),
    Kind.SUPPORT: (25, 60),
    Kind.SECURITY: (25, 60),
    Kind.PRIVACY: (25, 60),
}
"""Least and greatest age in years. Minors are young enough to stay minors for a year of the demo's life."""

TITLES: Mapping[Kind, tuple[str, ...]] = {
    Kind.LEARNER: ("Nurse", "Carpenter", "Accountant", "Shop manager", "Lab technician", "Translator", "Electrician"),
    Kind.MINOR: ("Pupil",),
    Kind.GUARDIAN: ("Librarian", "Bus driver", "Architect", "Chef", "Civil servant"),
    Kind.INSTRUCTOR: ("Senior lecturer", "Lecturer", "Professor", "Teaching fellow"),
    Kind.ENTERPRISE_ADMIN: ("Head of learning", "Training coordinator"),
    Kind.SUPPORT: ("Support engineer",),
    Kind.SECURITY: ("Security analyst",),
    Kind.PRIVACY: ("Data protection officer",),
}

SCHOOLING = ("Secondary school, year 8", "Secondary school, year 9", "Secondary school, year 10")

EDUCATION = ("Secondary school", "Vocational certificate", "Bachelor's degree", "Master's degree")

GOALS = (
    "Change to a job with more responsibility.",
    "Understand the figures that I work with every day.",
    "Pass the entrance examination next spring.",
    "Write with more confidence.",
    "Find out whether this subject is for me.",
    "Keep up with my field.",
)

REGIONS = ("North", "North East", "East", "South East", "South", "South West", "West", "Midlands", "Islands")

DEVICES = ("Firefox on Ubuntu", "Safari on iPhone", "Chrome on Windows", "Chrome on Android", "Safari on iPad")

AGE_BANDS = ((18, "under 18"), (35, "18-34"), (55, "35-54"), (200, "55 and over"))
"""Each band's name with the age in years that it ends before, youngest first."""
