/** What all kinds have in common. */
import type { Descriptions } from './description.ts';

export const META: Descriptions = {
  package: 'io.k8s.apimachinery.pkg.apis.meta.v1',
  texts: {
    ObjectMeta: 'What every object has: its name, its labels, its age, its owners.',
    'ObjectMeta.name': 'Unique within its namespace among objects of its kind. It cannot be changed.',
    'ObjectMeta.generateName':
      'Instead of a name: what the server makes one from, by adding five random characters.',
    'ObjectMeta.namespace': 'The namespace that it lives in. It cannot be changed.',
    'ObjectMeta.labels': 'Keys and values by which objects are selected.',
    'ObjectMeta.annotations': 'Keys and values for tools and people, which select nothing.',
    'ObjectMeta.uid': 'Unique over all time: an object of the same name that is made later has another.',
    'ObjectMeta.resourceVersion':
      'Changes with every write. Sent with a write, it refuses to overwrite what somebody else wrote meanwhile.',
    'ObjectMeta.generation': 'Counts changes of what is wanted, not of the status.',
    // Upstream's tests of `kubectl explain` look for these words.
    'ObjectMeta.creationTimestamp': 'CreationTimestamp is a timestamp: when the server created it.',
    'ObjectMeta.deletionTimestamp':
      'When it is to be gone, once its deletion was asked for. It goes when the time has passed and no finalizer is left.',
    'ObjectMeta.deletionGracePeriodSeconds':
      'How long it may take until it is removed after its deletion was asked for.',
    'ObjectMeta.finalizers': 'What must be done before it can go. Whoever has done it takes the name away.',
    'ObjectMeta.ownerReferences': 'What it belongs to. When all owners are gone, it is deleted.',
    'ObjectMeta.managedFields': 'Who owns which fields, for server-side apply.',
    'ObjectMeta.selfLink': 'Not filled in any more.',
    'OwnerReference.apiVersion': 'The API version of the owner.',
    'OwnerReference.kind': 'The kind of the owner.',
    'OwnerReference.name': 'The name of the owner, in the same namespace or without one.',
    'OwnerReference.uid': 'The uid of the owner.',
    'OwnerReference.controller': 'Whether the owner manages it; at most one does.',
    'OwnerReference.blockOwnerDeletion': 'Whether a deletion of the owner in the foreground waits for it.',
    LabelSelector: 'Objects by their labels; all of it must match, and an empty one matches everything.',
    'LabelSelector.matchLabels': 'Labels with their values.',
    'LabelSelector.matchExpressions': 'Requirements on labels.',
    'LabelSelectorRequirement.key': 'The label.',
    'LabelSelectorRequirement.operator': 'In, NotIn, Exists or DoesNotExist.',
    'LabelSelectorRequirement.values': 'Values to compare with; none for Exists and DoesNotExist.',
    'Condition.type': 'What it is about.',
    'Condition.status': 'True, False or Unknown.',
    'Condition.reason': 'Why, in a word.',
    'Condition.message': 'Why, for people.',
    'Condition.lastTransitionTime': 'Since when the status is what it is.',
    'Condition.observedGeneration': 'The generation of the object that it is of.',
  },
};
