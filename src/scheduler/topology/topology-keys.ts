/** The labels that say where a node is. @see k8s.io/api/core/v1 well_known_labels.go */
export const HOSTNAME = 'kubernetes.io/hostname';
export const ZONE = 'topology.kubernetes.io/zone';
