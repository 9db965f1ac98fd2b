"""A real Kubernetes control plane for tests and the demo, made on the machine that runs them."""
