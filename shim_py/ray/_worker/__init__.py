"""The worker processes: the template that forks them, and what runs in them."""
