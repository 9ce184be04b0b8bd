"""What is compared with what: one command each."""
