"""The demo: a cast of people at different stages, brought there by the services and never by writing rows."""
