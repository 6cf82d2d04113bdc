#: Django settings of the workers in tests, and of the tests that play with them.
SHORT_TIMES = {"JOBS_LEASE_SECONDS": 1.5, "JOBS_RESEND_SECONDS": 1, "JOBS_BACKOFF_SECONDS": 0.1}
