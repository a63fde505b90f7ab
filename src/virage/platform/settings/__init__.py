"""The configuration of a deployment, read once from its environment, and the log of a process."""
