"""A real Kubernetes cluster on one machine: real kubelets, containers and links, no Docker.

For other code: `clusters.up(...)` gives a `clusters.Cluster` with `client`, `kubectl(...)`,
`import_image(path)`, `shape(...)`, `interface_bytes()`, `command_inside(...)` and `down()`.
"""
