/** Rows that shape the API server itself: custom kinds, admission, flow control. */
import type {
  MutatingAdmissionPolicy,
  MutatingAdmissionPolicyBinding,
  MutatingWebhookConfiguration,
  ValidatingAdmissionPolicy,
  ValidatingAdmissionPolicyBinding,
  ValidatingWebhookConfiguration,
} from '../generated/admissionregistration-v1.ts';
import type { CustomResourceDefinition } from '../generated/apiextensions-v1.ts';
import type { APIService } from '../generated/apiregistration-v1.ts';
import type { FlowSchema, PriorityLevelConfiguration } from '../generated/flowcontrol-v1.ts';
import { newResource, STATUS } from '../resource-row.ts';

export const API_SERVICES = newResource<APIService>(
  'apiregistration.k8s.io/v1',
  'APIService',
  'apiservices',
  { clusterScoped: true, categories: ['api-extensions'], subresources: [STATUS] },
);

export const MUTATING_ADMISSION_POLICIES = newResource<MutatingAdmissionPolicy>(
  'admissionregistration.k8s.io/v1',
  'MutatingAdmissionPolicy',
  'mutatingadmissionpolicies',
  { clusterScoped: true, categories: ['api-extensions'], generation: true },
);
export const MUTATING_ADMISSION_POLICY_BINDINGS = newResource<MutatingAdmissionPolicyBinding>(
  'admissionregistration.k8s.io/v1',
  'MutatingAdmissionPolicyBinding',
  'mutatingadmissionpolicybindings',
  { clusterScoped: true, categories: ['api-extensions'], generation: true },
);
export const MUTATING_WEBHOOK_CONFIGURATIONS = newResource<MutatingWebhookConfiguration>(
  'admissionregistration.k8s.io/v1',
  'MutatingWebhookConfiguration',
  'mutatingwebhookconfigurations',
  { clusterScoped: true, categories: ['api-extensions'], generation: true },
);
export const VALIDATING_ADMISSION_POLICIES = newResource<ValidatingAdmissionPolicy>(
  'admissionregistration.k8s.io/v1',
  'ValidatingAdmissionPolicy',
  'validatingadmissionpolicies',
  { clusterScoped: true, categories: ['api-extensions'], subresources: [STATUS], generation: true },
);
export const VALIDATING_ADMISSION_POLICY_BINDINGS = newResource<ValidatingAdmissionPolicyBinding>(
  'admissionregistration.k8s.io/v1',
  'ValidatingAdmissionPolicyBinding',
  'validatingadmissionpolicybindings',
  { clusterScoped: true, categories: ['api-extensions'], generation: true },
);
export const VALIDATING_WEBHOOK_CONFIGURATIONS = newResource<ValidatingWebhookConfiguration>(
  'admissionregistration.k8s.io/v1',
  'ValidatingWebhookConfiguration',
  'validatingwebhookconfigurations',
  { clusterScoped: true, categories: ['api-extensions'], generation: true },
);

export const CUSTOM_RESOURCE_DEFINITIONS = newResource<CustomResourceDefinition>(
  'apiextensions.k8s.io/v1',
  'CustomResourceDefinition',
  'customresourcedefinitions',
  {
    clusterScoped: true,
    shortNames: ['crd', 'crds'],
    categories: ['api-extensions'],
    subresources: [STATUS],
    generation: true,
  },
);

export const FLOW_SCHEMAS = newResource<FlowSchema>(
  'flowcontrol.apiserver.k8s.io/v1',
  'FlowSchema',
  'flowschemas',
  { clusterScoped: true, subresources: [STATUS], generation: true },
);
export const PRIORITY_LEVEL_CONFIGURATIONS = newResource<PriorityLevelConfiguration>(
  'flowcontrol.apiserver.k8s.io/v1',
  'PriorityLevelConfiguration',
  'prioritylevelconfigurations',
  { clusterScoped: true, subresources: [STATUS], generation: true },
);
