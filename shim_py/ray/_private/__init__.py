"""What other programs import from Ray's private modules, and nothing else of them."""
