"""What the refusal judge reads in an answer, the rules that settle clear cases, and the weights for the others."""
