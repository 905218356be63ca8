"""What keeps language images on a node that nobody uses at the moment: advice, for people."""

KEEPING = """\
How to keep language images on a node while no container uses them

Docker and Podman: 'system prune' and 'image prune' leave them alone. With -a
they remove every image that no container uses: do not use -a on this node, or
run prepull again afterwards.

ECS: the agent removes only images that it pulled for a task, not these. But if
the node sets ECS_ENABLE_UNTRACKED_IMAGE_CLEANUP=true, name these images in
ECS_EXCLUDE_UNTRACKED_IMAGE.

Kubernetes: when a disk is fuller than imageGCHighThresholdPercent (85), the
kubelet removes unused images, the longest unused first, until it is down to
imageGCLowThresholdPercent (80). It also removes those that were unused for
imageMaximumGCAge, if that is set. It never removes

  - an image that a container uses, such as one of a pre-pull DaemonSet;
  - an image that the container runtime calls pinned (kubelet 1.29 and newer).
    With containerd, label each image:
      ctr -n k8s.io images label NAME io.cri-containerd.pinned=pinned
    With CRI-O, list them as pinned_images under [crio.image] in crio.conf.

The best remedy is a disk that stays below the threshold with all of them on it.
For full names, add --format json: .images[].reference
"""
