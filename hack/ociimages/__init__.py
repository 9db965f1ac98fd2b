"""Images without Docker: folders become layers, layers become a tar in the OCI layout."""
