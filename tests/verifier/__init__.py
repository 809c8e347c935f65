"""The verifier, against whoever changes what it reads."""
