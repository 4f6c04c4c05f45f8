"""The client core: everything here is private to the package `ray`."""
