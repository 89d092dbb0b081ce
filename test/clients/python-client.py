"""Does what a user of the official Python client does, step by step, and prints a line of JSON for each: its name and result."""
import json
import logging
import sys
import threading
import time

from kubernetes import client, config, dynamic, utils, watch
from kubernetes.client.rest import ApiException
from kubernetes.leaderelection import electionconfig, leaderelection
from kubernetes.leaderelection.resourcelock.configmaplock import ConfigMapLock
from kubernetes.stream import portforward, stream

logging.disable(logging.CRITICAL)
config.load_kube_config(sys.argv[1])
NAMESPACE = "default"
core, apps = client.CoreV1Api(), client.AppsV1Api()


def deployment(name, replicas):
    container = {"name": "main", "image": "shell:1", "command": ["/bin/sh", "-c", "echo hello; exec sleep 1000"]}
    template = {"metadata": {"labels": {"app": name}}, "spec": {"containers": [container]}}
    spec = {"replicas": replicas, "selector": {"matchLabels": {"app": name}}, "template": template}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name}, "spec": spec}


def pod_of(app):
    running = core.list_namespaced_pod(NAMESPACE, label_selector=f"app={app}", field_selector="status.phase=Running")
    return running.items[0].metadata.name


def refusal(call):
    try:
        call()
    except ApiException as error:
        return [error.status, json.loads(error.body)["reason"]]


def typed():
    body = client.V1ConfigMap(metadata=client.V1ObjectMeta(name="typed"), data={"a": "1"})
    core.create_namespaced_config_map(NAMESPACE, body)
    core.patch_namespaced_config_map("typed", NAMESPACE, {"data": {"b": "2"}})
    patched = core.patch_namespaced_config_map("typed", NAMESPACE, [{"op": "add", "path": "/data/c", "value": "3"}])
    twice = refusal(lambda: core.create_namespaced_config_map(NAMESPACE, body))
    core.delete_namespaced_config_map("typed", NAMESPACE)
    return [patched.data, twice, refusal(lambda: core.read_namespaced_config_map("typed", NAMESPACE))]


def pages():
    for number in range(7):
        core.create_namespaced_config_map(NAMESPACE, {"metadata": {"name": f"page-{number}", "labels": {"paged": "yes"}}})
    sizes, token = [], None
    while token != "":
        page = core.list_namespaced_config_map(NAMESPACE, limit=3, label_selector="paged=yes", _continue=token)
        sizes.append(len(page.items))
        token = page.metadata._continue or ""
    core.delete_collection_namespaced_config_map(NAMESPACE, label_selector="paged=yes")
    return [sizes, len(core.list_namespaced_config_map(NAMESPACE, label_selector="paged=yes").items)]


def rollout():
    utils.create_from_dict(client.ApiClient(), deployment("web", 2))
    watcher, kinds = watch.Watch(), []
    for event in watcher.stream(apps.list_namespaced_deployment, NAMESPACE, timeout_seconds=60):
        kinds.append(event["type"])
        if event["object"].status.ready_replicas == 2:
            watcher.stop()
    apps.patch_namespaced_deployment_scale("web", NAMESPACE, {"spec": {"replicas": 3}})
    return [kinds[0], kinds[-1], apps.read_namespaced_deployment_scale("web", NAMESPACE).spec.replicas]


def streams():
    pod, run = pod_of("web"), core.connect_get_namespaced_pod_exec
    both = stream(run, pod, NAMESPACE, command=["/bin/sh", "-c", "echo out; echo err >&2"], stdout=True, stderr=True)
    shell = stream(run, pod, NAMESPACE, command=["/bin/sh"], stdin=True, stdout=True, stderr=True, _preload_content=False)
    shell.write_stdin("echo in; exit 3\n")
    shell.run_forever(timeout=30)
    return [sorted(both.split()), shell.read_stdout(), shell.returncode, core.read_namespaced_pod_log(pod, NAMESPACE)]


def followed_log():
    watcher = watch.Watch()
    for line in watcher.stream(core.read_namespaced_pod_log, name=pod_of("web"), namespace=NAMESPACE):
        watcher.stop()
        return line


def forwarded_port():
    container = {"name": "main", "image": "web-app:1.0", "readinessProbe": {"httpGet": {"path": "/readyz", "port": 8080}, "periodSeconds": 1}}
    core.create_namespaced_pod(NAMESPACE, {"metadata": {"name": "server"}, "spec": {"containers": [container]}})
    watcher = watch.Watch()
    for event in watcher.stream(core.list_namespaced_pod, NAMESPACE, field_selector="metadata.name=server", timeout_seconds=60):
        if any(one.type == "Ready" and one.status == "True" for one in event["object"].status.conditions or []):
            watcher.stop()
    forward = portforward(core.connect_get_namespaced_pod_portforward, "server", NAMESPACE, ports="8080")
    socket, answer = forward.socket(8080), b""
    socket.setblocking(True)
    socket.sendall(b"GET / HTTP/1.1\r\nHost: server\r\nConnection: close\r\n\r\n")
    while piece := socket.recv(4096):
        answer += piece
    return answer.split(b"\r\n")[0].decode()


def custom_kind():
    versions = [{"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}}}]
    names = {"plural": "gauges", "kind": "Gauge"}
    spec = {"group": "python.example.com", "scope": "Namespaced", "names": names, "versions": versions}
    extensions = client.ApiextensionsV1Api()
    extensions.create_custom_resource_definition({"metadata": {"name": "gauges.python.example.com"}, "spec": spec})
    while extensions.read_custom_resource_definition("gauges.python.example.com").status.accepted_names.plural == "":
        time.sleep(0.05)
    gauges = dynamic.DynamicClient(client.ApiClient()).resources.get(api_version="python.example.com/v1", kind="Gauge")
    gauges.create(namespace=NAMESPACE, body={"apiVersion": "python.example.com/v1", "kind": "Gauge", "metadata": {"name": "one"}, "spec": {"a": 1}})
    gauges.patch(namespace=NAMESPACE, name="one", body={"spec": {"b": 2}}, content_type="application/merge-patch+json")
    return gauges.get(namespace=NAMESPACE, name="one").to_dict()["spec"]


def leadership():
    leads = threading.Event()
    lock = ConfigMapLock("leader", NAMESPACE, "me")
    timing = {"lease_duration": 5, "renew_deadline": 3, "retry_period": 1}
    elected = electionconfig.Config(lock, onstarted_leading=leads.set, onstopped_leading=None, **timing)
    threading.Thread(target=leaderelection.LeaderElection(elected).run, daemon=True).start()
    return leads.wait(30)


def reviews():
    may = {"spec": {"resourceAttributes": {"verb": "get", "resource": "pods"}}}
    allowed = client.AuthorizationV1Api().create_self_subject_access_review(may).status.allowed
    request = {"spec": {"audiences": [], "expirationSeconds": 3600}}
    token = core.create_namespaced_service_account_token("default", NAMESPACE, request).status.token
    review = client.AuthenticationV1Api().create_token_review({"spec": {"token": token}})
    return [allowed, review.status.user.username]


for step in [typed, pages, rollout, streams, followed_log, forwarded_port, custom_kind, leadership, reviews]:
    print(json.dumps({"step": step.__name__, "result": step()}), flush=True)
