"""What runs the service on a cluster, as text: manifests of Kubernetes and task definitions of ECS.

Functions from values to text. They ask nobody and write nowhere.
"""
