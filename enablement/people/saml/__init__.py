"""SAML 2.0: allauth's flow on python3-saml, with signed assertions that are good once."""
