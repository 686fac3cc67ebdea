"""What only `chalice local` needs. Nothing in this folder is in the function's package."""
