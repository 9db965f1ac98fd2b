"""The demo: a shop on a kwok cluster, the traffic of its pods, and the witnesses."""
