"""Built-in plugins, found by entry points like anyone's."""
