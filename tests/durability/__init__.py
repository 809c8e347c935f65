"""What was acknowledged is there, whatever was killed."""
