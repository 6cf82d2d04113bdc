"""From a bare machine to running processes. Standard library only: it runs before anything is installed."""
