"""May this person do this with this tool, now? Pure rules; `services.decisions` loads and records."""
