"""The hotline's business: agents, queues, routes, flows, calendars… as versioned documents, changed while calls run."""
