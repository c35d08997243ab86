"""What a project says, and how it travels without a network: a folder to fill in, a signed pack."""
