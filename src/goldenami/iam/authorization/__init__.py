"""What a call is authorised on: its resources and their condition keys."""
