/** What a Pod is made of. */
import type { Descriptions } from './description.ts';

export const PODS: Descriptions = {
  package: 'io.k8s.api.core.v1',
  texts: {
    Pod: 'Containers that are placed on one node together, share network and volumes, and live and end together.',
    PodTemplate: 'A template of Pods, stored for controllers that name it.',
    PodTemplateSpec: 'What the Pods that a controller makes look like.',
    'PodTemplateSpec.metadata':
      'Labels and annotations of the Pods. The labels must match the selector of whoever owns the template.',
    PodSpec: 'What is wanted of a Pod. Most of it cannot be changed once the Pod exists.',
    'PodSpec.containers':
      'The containers of the Pod, at least one. They are started together, after all init containers.',
    'PodSpec.initContainers':
      'Containers that run one after another, each to its end, before the containers start. One with restartPolicy Always is a sidecar: it is started in its turn and runs on beside the containers.',
    'PodSpec.ephemeralContainers':
      'Containers that were added to a running Pod for debugging, through its ephemeralcontainers subresource.',
    'PodSpec.volumes': 'Volumes that the containers of the Pod may mount.',
    'PodSpec.restartPolicy':
      'When containers that end are started again: Always (default), OnFailure (exit code other than 0), or Never. Restarts are delayed by 10 s, twice as long each time, up to 5 minutes.',
    'PodSpec.terminationGracePeriodSeconds':
      'How long containers may take to stop, from the preStop hook on, until they are killed. Default 30 s; 0 kills them at once.',
    'PodSpec.activeDeadlineSeconds':
      'How long the Pod may run, from its start on; then its containers are killed and it has failed.',
    'PodSpec.dnsPolicy':
      'How names are resolved: ClusterFirst (default), ClusterFirstWithHostNet, Default (as the node does), or None (dnsConfig alone).',
    'PodSpec.dnsConfig': 'Name servers, search domains and options besides those that dnsPolicy gives.',
    'PodSpec.nodeSelector': 'Labels that a node must have for the Pod to be placed on it.',
    'PodSpec.nodeName':
      'The node that runs the Pod. The scheduler sets it; who sets it before goes past the scheduler.',
    'PodSpec.affinity':
      'Rules about which nodes the Pod is to be on, and near to or far from which other Pods.',
    'PodSpec.tolerations': 'Taints of nodes that do not keep the Pod away, or not at once.',
    'PodSpec.topologySpreadConstraints':
      'How evenly Pods of a kind are to be spread over nodes, zones or other domains. All of them must hold.',
    'PodSpec.schedulerName': 'The scheduler that is to place the Pod; default default-scheduler.',
    'PodSpec.schedulingGates':
      'As long as there is one, the Pod is not placed. They can be removed, not added.',
    'PodSpec.priorityClassName':
      'The PriorityClass of the Pod. Pods of higher priority are placed first and may preempt others.',
    'PodSpec.priority': 'The number behind priorityClassName, filled in at creation.',
    'PodSpec.preemptionPolicy':
      'Whether the Pod may take the place of Pods of lower priority: PreemptLowerPriority (default) or Never.',
    'PodSpec.serviceAccountName': 'The ServiceAccount as which the Pod talks to the API; default default.',
    'PodSpec.serviceAccount': 'The former name of serviceAccountName.',
    'PodSpec.automountServiceAccountToken':
      'Whether a token of the ServiceAccount is mounted; default as the ServiceAccount says, and else true.',
    'PodSpec.hostNetwork': "Whether the Pod uses the node's network instead of one of its own.",
    'PodSpec.hostPID': 'Whether the Pod sees the processes of the node.',
    'PodSpec.hostIPC': 'Whether the Pod shares the IPC namespace of the node.',
    'PodSpec.hostUsers': 'false: the Pod has a user namespace of its own.',
    'PodSpec.shareProcessNamespace': 'Whether the containers of the Pod see the processes of each other.',
    'PodSpec.securityContext':
      'As whom the processes of all containers run and who owns volumes; a container may say otherwise for itself.',
    'PodSpec.imagePullSecrets': 'Secrets with credentials for the registries of the images.',
    'PodSpec.hostname': 'The host name of the Pod; default its name.',
    'PodSpec.subdomain':
      'With a headless Service of this name the Pod has a DNS name of its own: hostname.subdomain.namespace.svc.',
    'PodSpec.setHostnameAsFQDN': 'Whether the host name within the Pod is its fully qualified name.',
    'PodSpec.hostAliases': "Lines for the Pod's /etc/hosts.",
    'PodSpec.readinessGates':
      'Conditions that must be True besides those of the containers for the Pod to be ready.',
    'PodSpec.runtimeClassName': 'The RuntimeClass whose runtime runs the Pod.',
    'PodSpec.overhead': 'What the Pod itself takes besides its containers, filled in from its RuntimeClass.',
    'PodSpec.enableServiceLinks':
      'Whether the Services of the namespace are told in environment variables; default true.',
    'PodSpec.os': 'The operating system that the containers are for.',
    'PodSpec.resourceClaims':
      'Devices that must be there before the Pod may start, for its containers to name.',
    'PodSpec.resources': 'What all containers of the Pod may use, and are given, together.',

    Container: 'One program of a Pod, in a sandbox of its own.',
    'Container.name': 'Unique within the Pod, a DNS label. It cannot be changed.',
    'Container.image': 'The image that the container is made from.',
    'Container.command':
      "What is run instead of the image's entrypoint, not by a shell. $(NAME) stands for an environment variable, $$ for a dollar.",
    'Container.args': "Arguments of the command, instead of the image's.",
    'Container.workingDir': "The directory to start in; default the image's.",
    'Container.env': 'Environment variables, in order: a later one may refer to an earlier one by $(NAME).',
    'Container.envFrom':
      'ConfigMaps and Secrets all of whose keys become environment variables. What env names wins.',
    'Container.ports':
      'Ports that the program listens on. To tell them opens nothing, and to leave them out closes nothing.',
    'Container.resources': 'What the container needs of the node, and how much it may use.',
    'Container.resizePolicy': 'Which resources can be changed without a restart.',
    'Container.restartPolicy': "Overrides the Pod's policy. Always makes an init container a sidecar.",
    'Container.restartPolicyRules':
      'By exit code, what becomes of the container, before its restart policy is asked.',
    'Container.volumeMounts': "Volumes of the Pod in the container's file system.",
    'Container.volumeDevices': 'Block devices in the container.',
    'Container.livenessProbe':
      'Asked again and again; when it fails, the container is killed and, by the restart policy, started again.',
    'Container.readinessProbe':
      'Asked again and again; while it fails, the Pod gets no traffic from Services.',
    'Container.startupProbe':
      'Asked from the start until it succeeds once; the other probes wait for it, and its failure kills the container.',
    'Container.lifecycle': 'What is run when the container has started, and before it is stopped.',
    'Container.terminationMessagePath':
      'A file in the container whose last words become part of its status; default /dev/termination-log.',
    'Container.terminationMessagePolicy':
      'File (default), or FallbackToLogsOnError: the end of the log where a failed container left no file.',
    'Container.imagePullPolicy':
      'Always, IfNotPresent or Never. Default Always for the tag latest, and else IfNotPresent.',
    'Container.securityContext':
      'As whom and with which rights the processes run; it overrides that of the Pod.',
    'Container.stdin': 'Whether standard input stays open, for attach.',
    'Container.stdinOnce': 'Whether standard input is closed after the first client that attached has gone.',
    'Container.tty': 'Whether the container has a terminal; needs stdin.',

    EnvVar: 'One environment variable of a container.',
    'EnvVar.name': 'The name of the variable.',
    'EnvVar.value': 'The value. $(NAME) stands for another variable, $$ for a dollar.',
    'EnvVar.valueFrom': 'Where the value comes from; not together with value.',
    EnvVarSource: 'Where the value of an environment variable comes from: one of these.',
    'EnvVarSource.fieldRef': 'A field of the Pod, such as metadata.name, spec.nodeName or status.podIP.',
    'EnvVarSource.resourceFieldRef': 'A limit or a request of a container, such as limits.memory.',
    'EnvVarSource.configMapKeyRef': 'A key of a ConfigMap.',
    'EnvVarSource.secretKeyRef': 'A key of a Secret.',
    'EnvFromSource.prefix': 'What is put before every key to make the name of the variable.',
    'EnvFromSource.configMapRef': 'The ConfigMap whose keys become variables.',
    'EnvFromSource.secretRef': 'The Secret whose keys become variables.',
    'ConfigMapKeySelector.name': 'The ConfigMap, in the namespace of the Pod.',
    'ConfigMapKeySelector.key': 'The key.',
    'ConfigMapKeySelector.optional':
      'Whether the container starts even if there is no such ConfigMap or key.',
    'SecretKeySelector.name': 'The Secret, in the namespace of the Pod.',
    'SecretKeySelector.key': 'The key.',
    'SecretKeySelector.optional': 'Whether the container starts even if there is no such Secret or key.',
    'ObjectFieldSelector.fieldPath': "The field, such as metadata.labels['app'].",
    'ResourceFieldSelector.containerName':
      'The container; in environment variables default the one that has the variable.',
    'ResourceFieldSelector.resource': 'What of it, such as requests.cpu.',
    'ResourceFieldSelector.divisor': 'The unit in which it is told; default 1.',

    ContainerPort: 'A port that a container listens on.',
    'ContainerPort.name': 'For Services and probes to refer to; unique within the Pod.',
    'ContainerPort.containerPort': 'The number, 1 to 65535.',
    'ContainerPort.hostPort': 'The port of the node that leads to it. Most Pods need a Service instead.',
    'ContainerPort.hostIP': 'The address of the node on which hostPort is open.',
    'ContainerPort.protocol': 'TCP (default), UDP or SCTP.',

    ResourceRequirements: 'What is set aside for a container, and the most that it may use.',
    'ResourceRequirements.requests':
      'What is set aside, by resource: the scheduler places the Pod where there is room for it. Default the limits.',
    'ResourceRequirements.limits':
      'The most that may be used. Beyond its memory limit a container is killed; beyond its CPU limit it is slowed.',
    'ResourceRequirements.claims': 'Devices from resourceClaims of the Pod.',

    Probe:
      'A question by which the health of a container is told. Exactly one of exec, httpGet, tcpSocket and grpc.',
    'Probe.exec': 'A command in the container; exit code 0 is healthy.',
    'Probe.httpGet': 'An HTTP request; a status from 200 to 399 is healthy.',
    'Probe.tcpSocket': 'A connection; one that can be made is healthy.',
    'Probe.grpc': "A call of gRPC's health service.",
    'Probe.initialDelaySeconds': 'How long after the start of the container it is first asked; default 0.',
    'Probe.periodSeconds': 'How often it is asked; default 10 s.',
    'Probe.timeoutSeconds': 'How long an answer may take; default 1 s.',
    'Probe.successThreshold':
      'How many successes in a row make it healthy again; default 1, and always 1 for liveness and startup.',
    'Probe.failureThreshold': 'How many failures in a row count as one; default 3.',
    'Probe.terminationGracePeriodSeconds':
      'How long the container may take to stop when this probe has failed; default as the Pod says.',
    'HTTPGetAction.path': 'The path to ask for.',
    'HTTPGetAction.port': 'A number, or the name of a port of the container.',
    'HTTPGetAction.host': 'Whom to ask; default the Pod itself.',
    'HTTPGetAction.scheme': 'HTTP (default) or HTTPS, whose certificate is not verified.',
    'HTTPGetAction.httpHeaders': 'Headers of the request.',
    'ExecAction.command': 'The command and its arguments, not run by a shell.',
    'TCPSocketAction.port': 'A number, or the name of a port of the container.',
    'TCPSocketAction.host': 'Whom to connect to; default the Pod itself.',
    'GRPCAction.port': 'The number of the port.',
    'GRPCAction.service': 'The service whose health is asked for; default that of the whole server.',
    Lifecycle: 'What happens at the edges of the life of a container.',
    'Lifecycle.postStart':
      'Run right after the start; the container is not ready before it is done, and is killed when it fails.',
    'Lifecycle.preStop': 'Run before the container is told to stop. Its time counts for the grace period.',
    'Lifecycle.stopSignal':
      'The signal that tells the program to stop; default what its image says, and else SIGTERM.',
    'LifecycleHandler.exec': 'A command in the container.',
    'LifecycleHandler.httpGet': 'An HTTP request to the container.',
    'LifecycleHandler.sleep': 'A pause.',

    SecurityContext: 'As whom the processes of a container run, and what they may do.',
    'SecurityContext.runAsUser': 'The user id of the processes.',
    'SecurityContext.runAsGroup': 'The primary group id of the processes.',
    'SecurityContext.runAsNonRoot': 'Whether a container that would run as root is refused.',
    'SecurityContext.privileged': 'Whether the processes may do whatever root of the node may.',
    'SecurityContext.allowPrivilegeEscalation': 'Whether a process may gain more rights than its parent has.',
    'SecurityContext.readOnlyRootFilesystem': 'Whether the file system of the image is read-only.',
    'SecurityContext.capabilities': 'Capabilities that are added or dropped.',
    'SecurityContext.seccompProfile': 'Which system calls are allowed.',
    'PodSecurityContext.runAsUser': 'The user id of the processes of all containers.',
    'PodSecurityContext.runAsGroup': 'The primary group id of the processes of all containers.',
    'PodSecurityContext.runAsNonRoot': 'Whether a container that would run as root is refused.',
    'PodSecurityContext.fsGroup':
      'A group that owns the volumes of the Pod and that all its processes are in.',
    'PodSecurityContext.fsGroupChangePolicy':
      'Always (default), or OnRootMismatch: owners are changed only where the top of the volume differs.',
    'PodSecurityContext.supplementalGroups': 'Further groups of the processes.',
    'PodSecurityContext.seccompProfile': 'Which system calls are allowed.',
    'PodSecurityContext.sysctls': 'Kernel parameters of the namespaces of the Pod.',
    'Capabilities.add': 'Capabilities that are added, without CAP_; ALL is all of them.',
    'Capabilities.drop': 'Capabilities that are taken away, without CAP_; ALL is all of them.',
    'SeccompProfile.type': 'RuntimeDefault, Localhost or Unconfined.',

    PodStatus: 'What is known of a Pod. The kubelet of its node writes it.',
    'PodStatus.phase': 'Pending, Running, Succeeded, Failed or Unknown: where the Pod is in its life.',
    'PodStatus.conditions':
      'PodScheduled, PodReadyToStartContainers, Initialized, ContainersReady, Ready and others.',
    'PodStatus.message': 'Why it is in this phase, for people.',
    'PodStatus.reason': 'Why it is in this phase, in a word, such as Evicted.',
    'PodStatus.podIP': 'The address of the Pod.',
    'PodStatus.podIPs': 'The addresses of the Pod, at most one of each family.',
    'PodStatus.hostIP': 'The address of its node.',
    'PodStatus.startTime': 'When the kubelet took it up.',
    'PodStatus.qosClass':
      'Guaranteed, Burstable or BestEffort, by requests and limits: the last are evicted first.',
    'PodStatus.nominatedNodeName': 'The node on which others make room for it.',
    'PodStatus.containerStatuses': 'What is known of each container.',
    'PodStatus.initContainerStatuses': 'What is known of each init container.',
    'PodStatus.ephemeralContainerStatuses': 'What is known of each ephemeral container.',
    'PodStatus.observedGeneration': 'The generation of the Pod that this status is of.',
    'ContainerStatus.name': 'The container.',
    'ContainerStatus.state': 'What it does now.',
    'ContainerStatus.lastState': 'How it ended the last time, if it was restarted.',
    'ContainerStatus.ready': 'Whether it is ready, by its readiness probe where it has one.',
    'ContainerStatus.started': 'Whether its startup probe has succeeded and its postStart hook is done.',
    'ContainerStatus.restartCount': 'How often it was started again.',
    'ContainerStatus.image': 'The image that it runs.',
    'ContainerStatus.imageID': 'The digest of the image.',
    'ContainerStatus.containerID': 'Its id in the container runtime.',
    'ContainerState.waiting': 'It does not run yet, or not now.',
    'ContainerState.running': 'It runs.',
    'ContainerState.terminated': 'It has ended.',
    'ContainerStateRunning.startedAt': 'Since when.',
    'ContainerStateWaiting.reason': 'Why, in a word, such as CrashLoopBackOff or ErrImagePull.',
    'ContainerStateWaiting.message': 'Why, for people.',
    'ContainerStateTerminated.exitCode': 'The exit code; 128 and the signal for one that was killed.',
    'ContainerStateTerminated.signal': 'The signal that ended it.',
    'ContainerStateTerminated.reason': 'Why, in a word, such as Completed, Error or OOMKilled.',
    'ContainerStateTerminated.message': 'Its termination message.',
    'ContainerStateTerminated.startedAt': 'When it had started.',
    'ContainerStateTerminated.finishedAt': 'When it ended.',
  },
};
