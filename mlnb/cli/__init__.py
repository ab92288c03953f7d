"""The `mlnb` command: one file per area; each verb decodes, calls a service, prints. No decision is taken here."""
