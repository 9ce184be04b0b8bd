"""The commands, each as a function that `api.cli` gives a name and options."""
