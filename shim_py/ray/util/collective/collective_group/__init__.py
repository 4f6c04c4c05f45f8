"""Groups of processes, by backend."""
