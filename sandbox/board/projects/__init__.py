"""Projects: what teams make, from the first draft to the gallery."""
