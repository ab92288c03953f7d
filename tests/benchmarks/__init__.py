"""What mlnb costs and how often it is right, beside IPython without it and beside ipyflow: `make bench`."""
