"""Where requests come from: one file a corpus, and the registry that names them."""
