"""Constants of runtime environments that other programs import."""
