"""What `programs.repair` is made of: advice to a writer, a person's marks and spelling, single attempts."""
