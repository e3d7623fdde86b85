"""What a call is authorized on: its resources and their condition keys."""
