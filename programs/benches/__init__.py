"""What experiments on each task need, a module a task."""
