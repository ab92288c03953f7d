"""What reaches out of this process: running kernels."""
