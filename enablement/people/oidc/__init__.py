"""OpenID Connect: allauth's flow, with every token checked here."""
