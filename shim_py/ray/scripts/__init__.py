"""The command line `ray`."""
