"""The demo: two schools with a cast of one person per role, and platform staff with open cases; all from a seed."""
