"""What `optimizers.joint` searches, how it races trials, and the study on disk that it goes on from."""
