"""Cases: why a member of the platform's staff touches a tenant, and until when."""
