"""Several admins, hosts and processes on one site."""
