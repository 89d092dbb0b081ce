/** Names of those who act, as people know them: one name for one component, however it shows itself. */

const COMPONENTS: Readonly<Record<string, string>> = {
  admin: 'user',
  'system:kube-scheduler': 'scheduler',
  'system:kube-controller-manager': 'controllers',
  'default-scheduler': 'scheduler',
};

const CONTROLLER = 'system:serviceaccount:kube-system:';
const NODE = 'system:node:';

/** Of a request, by its user. */
export function whoOfUser(user: string): string {
  if (user.startsWith(CONTROLLER)) return user.slice(CONTROLLER.length);
  if (user.startsWith(NODE)) return `${user.slice(NODE.length)}/agent`;
  return COMPONENTS[user] ?? user;
}

/** Of an Event, by its reporting component and that one's host. */
export function whoOfEvent(component: string, host: string | undefined): string {
  if (host !== undefined && host !== '') return `${host}/agent`;
  return COMPONENTS[component] ?? (component === '' ? 'unknown' : component);
}
