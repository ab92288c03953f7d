"""What runs inside a job's process or container: papermill, progress, results."""
