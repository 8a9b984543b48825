"""Where corpora come from: one file a family, and the registry that names them."""
