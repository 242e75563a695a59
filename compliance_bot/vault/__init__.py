"""The one place with personal values: seal them, find them by name, open them. Who may is decided elsewhere."""
