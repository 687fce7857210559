"""Programs that run on lab hosts."""
