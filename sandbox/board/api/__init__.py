"""The JSON API: each endpoint is said once, and is route, check and description in one."""
