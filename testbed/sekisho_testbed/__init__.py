"""Labs in which the production gate meets real clients."""
