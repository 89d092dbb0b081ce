/** Where Pods go, and what they mount. */
import type { Descriptions } from './description.ts';

export const PLACING: Descriptions = {
  package: 'io.k8s.api.core.v1',
  texts: {
    Affinity: 'Rules about the place of a Pod.',
    'Affinity.nodeAffinity': 'By labels of nodes.',
    'Affinity.podAffinity': 'Near to which Pods.',
    'Affinity.podAntiAffinity': 'Not near to which Pods.',
    'NodeAffinity.requiredDuringSchedulingIgnoredDuringExecution':
      'What a node must have. It is not looked at again once the Pod runs.',
    'NodeAffinity.preferredDuringSchedulingIgnoredDuringExecution': 'What a node had better have, by weight.',
    'PodAffinity.requiredDuringSchedulingIgnoredDuringExecution': 'Pods that must be near, all of these.',
    'PodAffinity.preferredDuringSchedulingIgnoredDuringExecution': 'Pods that had better be near, by weight.',
    'PodAntiAffinity.requiredDuringSchedulingIgnoredDuringExecution':
      'Pods that must not be near, none of these.',
    'PodAntiAffinity.preferredDuringSchedulingIgnoredDuringExecution':
      'Pods that had better not be near, by weight.',
    'PodAffinityTerm.labelSelector': 'Which Pods.',
    'PodAffinityTerm.namespaces': 'In which namespaces, by name; default that of the Pod.',
    'PodAffinityTerm.namespaceSelector': 'In which namespaces, by label.',
    'PodAffinityTerm.topologyKey': 'What near means: nodes with the same value of this label.',
    'WeightedPodAffinityTerm.weight': 'From 1 to 100, added to the score of nodes that fit.',
    'NodeSelectorRequirement.key': 'The label.',
    'NodeSelectorRequirement.operator': 'In, NotIn, Exists, DoesNotExist, Gt or Lt.',
    'NodeSelectorRequirement.values':
      'Values to compare with; none for Exists and DoesNotExist, one number for Gt and Lt.',
    Toleration: 'A taint that does not keep a Pod away.',
    'Toleration.key': 'The key of the taint; empty with operator Exists: any.',
    'Toleration.operator': 'Equal (default): key and value are the same; Exists: the key is.',
    'Toleration.value': 'The value of the taint.',
    'Toleration.effect': 'NoSchedule, PreferNoSchedule or NoExecute; empty: any.',
    'Toleration.tolerationSeconds':
      'With NoExecute: how long the Pod stays after the taint has come; default for ever.',
    TopologySpreadConstraint: 'How evenly matching Pods are to be spread over domains.',
    'TopologySpreadConstraint.maxSkew':
      'The most by which the numbers of matching Pods in two domains may differ.',
    'TopologySpreadConstraint.topologyKey': 'The label of nodes whose values are the domains.',
    'TopologySpreadConstraint.whenUnsatisfiable':
      'DoNotSchedule, or ScheduleAnyway: then it is only preferred.',
    'TopologySpreadConstraint.labelSelector': 'Which Pods count.',
    'TopologySpreadConstraint.minDomains': 'As long as there are fewer domains, the least is taken for 0.',
    'PodDNSConfig.nameservers': 'Addresses of name servers.',
    'PodDNSConfig.searches': 'Search domains.',
    'PodDNSConfig.options': 'Options of the resolver.',

    Volume: 'A directory that containers can mount; exactly one source.',
    'Volume.name': 'What volumeMounts call it; unique within the Pod.',
    'Volume.configMap': 'The keys of a ConfigMap as files. They follow its changes.',
    'Volume.secret': 'The keys of a Secret as files. They follow its changes.',
    'Volume.emptyDir': 'A directory that is empty at first and goes with the Pod.',
    'Volume.hostPath': 'A file or directory of the node.',
    'Volume.persistentVolumeClaim': 'The volume that a PersistentVolumeClaim is bound to.',
    'Volume.projected': 'Several sources in one directory.',
    'Volume.downwardAPI': 'Fields of the Pod as files.',
    'Volume.nfs': 'A share of an NFS server.',
    'Volume.csi': 'A volume of a CSI driver that lives as long as the Pod.',
    'Volume.ephemeral': 'A PersistentVolumeClaim that is made for the Pod and goes with it.',
    'Volume.image': 'The file system of an image, read-only.',
    'ConfigMapVolumeSource.name': 'The ConfigMap, in the namespace of the Pod.',
    'ConfigMapVolumeSource.items': 'Which keys, and where; default all, by their names.',
    'ConfigMapVolumeSource.defaultMode': 'Permissions of the files; default 0644.',
    'ConfigMapVolumeSource.optional': 'Whether the Pod starts even if there is no such ConfigMap or key.',
    'SecretVolumeSource.secretName': 'The Secret, in the namespace of the Pod.',
    'SecretVolumeSource.items': 'Which keys, and where; default all, by their names.',
    'SecretVolumeSource.defaultMode': 'Permissions of the files; default 0644.',
    'SecretVolumeSource.optional': 'Whether the Pod starts even if there is no such Secret or key.',
    'EmptyDirVolumeSource.medium': "Empty (the node's disk) or Memory.",
    'EmptyDirVolumeSource.sizeLimit': 'The most that it may hold; a Pod that exceeds it is evicted.',
    'HostPathVolumeSource.path': 'The path on the node.',
    'HostPathVolumeSource.type':
      'What must be there, or is made: DirectoryOrCreate, Directory, FileOrCreate, File, Socket and others; empty: not looked at.',
    'PersistentVolumeClaimVolumeSource.claimName': 'The claim, in the namespace of the Pod.',
    'PersistentVolumeClaimVolumeSource.readOnly': 'Whether it is mounted read-only.',
    'ProjectedVolumeSource.sources':
      'ConfigMaps, Secrets, fields of the Pod, and tokens of its ServiceAccount.',
    'KeyToPath.key': 'The key.',
    'KeyToPath.path': 'The file, relative to the mount.',
    'KeyToPath.mode': 'Permissions of the file.',
    VolumeMount: 'A volume in the file system of a container.',
    'VolumeMount.name': 'The volume of the Pod.',
    'VolumeMount.mountPath': 'Where it is mounted.',
    'VolumeMount.subPath': 'Which file or directory of the volume; default all of it.',
    'VolumeMount.subPathExpr': 'As subPath, with environment variables as $(NAME).',
    'VolumeMount.readOnly': 'Whether the container may not write to it.',

    PersistentVolumeClaim: 'A wish for storage, which is bound to a PersistentVolume that fulfils it.',
    'PersistentVolumeClaimSpec.accessModes':
      'ReadWriteOnce, ReadOnlyMany, ReadWriteMany or ReadWriteOncePod.',
    'PersistentVolumeClaimSpec.resources':
      'How much storage, as requests.storage. It may grow where the class allows it.',
    'PersistentVolumeClaimSpec.storageClassName':
      'The StorageClass; absent: the default one; empty: volumes without a class.',
    'PersistentVolumeClaimSpec.volumeName': 'The volume that it is bound to.',
    'PersistentVolumeClaimSpec.volumeMode': 'Filesystem (default) or Block.',
    'PersistentVolumeClaimSpec.selector': 'Labels of volumes that come into question.',
    PersistentVolume: 'A piece of storage of the cluster, which lives on when Pods go.',
    'PersistentVolumeSpec.capacity': 'How large it is.',
    'PersistentVolumeSpec.accessModes': 'How it can be mounted.',
    'PersistentVolumeSpec.claimRef': 'The claim that it is bound to.',
    'PersistentVolumeSpec.persistentVolumeReclaimPolicy':
      'What becomes of it when its claim is deleted: Retain or Delete.',
    'PersistentVolumeSpec.storageClassName': 'The StorageClass that it belongs to.',
    'PersistentVolumeSpec.nodeAffinity': 'The nodes that can reach it.',
  },
};
