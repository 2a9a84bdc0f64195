"""The process that runs the accounts: what is wanted, which browser runs for whom, and where each session stands."""
