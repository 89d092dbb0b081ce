# Does what a user of kubeclient does, step by step, and prints a line of JSON for each: its name and result.
require 'json'
require 'kubeclient'

CONTEXT = Kubeclient::Config.read(ARGV[0]).context
NAMESPACE = 'default'.freeze

def client(path, version)
  Kubeclient::Client.new(CONTEXT.api_endpoint + path, version, ssl_options: CONTEXT.ssl_options, auth_options: CONTEXT.auth_options)
end

CORE = client('', 'v1')

def config_map(name, data)
  Kubeclient::Resource.new(metadata: { name: name, namespace: NAMESPACE }, data: data)
end

def refusal
  yield
rescue Kubeclient::HttpError => e
  [e.error_code, e.message]
end

def typed
  made = CORE.create_config_map(config_map('ruby', a: '1'))
  made.data[:b] = '2'
  CORE.update_config_map(made)
  stale = refusal { CORE.update_config_map(made) }
  CORE.patch_config_map('ruby', { data: { c: '3' } }, NAMESPACE)
  CORE.merge_patch_config_map('ruby', { data: { a: nil } }, NAMESPACE)
  patched = CORE.json_patch_config_map('ruby', [{ op: 'add', path: '/data/d', value: '4' }], NAMESPACE)
  applied = CORE.apply_config_map({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'ruby', namespace: NAMESPACE }, data: { e: '5' } }, field_manager: 'ruby')
  [patched.data.to_h, stale, applied.metadata.managedFields.map(&:operation)]
end

def watched
  from = CORE.get_config_maps(namespace: NAMESPACE).resourceVersion
  CORE.create_config_map(config_map('seen', {}))
  CORE.delete_config_map('seen', NAMESPACE)
  seen = []
  CORE.watch_config_maps(namespace: NAMESPACE, resource_version: from) do |notice|
    seen << [notice.type, notice.object.metadata.name]
    break if seen.size == 2
  end
  seen
end

def paged
  first = CORE.get_config_maps(namespace: NAMESPACE, limit: 1)
  rest = CORE.get_config_maps(namespace: NAMESPACE, continue: first.continue)
  [first.size, first.last?, rest.last?]
end

def missing
  refusal { CORE.get_pod('none', NAMESPACE) }
end

%i[typed watched paged missing].each { |step| puts JSON.generate(step: step, result: send(step)) }
