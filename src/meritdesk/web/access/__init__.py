"""Who may do what: users, roles and rights, the routes that carry them, sign-in, and the audit chain."""
