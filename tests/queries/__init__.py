"""What is asked: read models that follow the log, and nothing else."""
