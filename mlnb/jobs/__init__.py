"""Jobs: notebooks executed elsewhere, by a worker that outlives JupyterLab."""
