"""Runs and the model store on MLflow."""
