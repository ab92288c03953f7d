"""What runs inside the user's kernel. No exception of ours ever breaks a user's cell."""
