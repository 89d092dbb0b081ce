/**
 * An Ingress that names no class gets the default one.
 *
 * @see kubernetes/kubernetes plugin/pkg/admission/network/defaultingressclass/admission.go
 */
import { INGRESS_CLASSES, INGRESSES } from '../../api/resources.ts';
import { type AdmissionStep, isCreationOf } from './admission.ts';
import { youngestDefault } from './youngest-default.ts';

const MARK = 'ingressclass.kubernetes.io/is-default-class';
/** As classes were named before there were any. */
const OLD_ANNOTATION = 'kubernetes.io/ingress.class';

export const defaultIngressClass: AdmissionStep = {
  name: 'DefaultIngressClass',
  admit(request, view) {
    if (!isCreationOf(INGRESSES, request)) return;
    const ingress = request.object!;
    if (ingress.spec?.['ingressClassName'] !== undefined) return;
    if (ingress.metadata.annotations?.[OLD_ANNOTATION] !== undefined) return;
    const found = youngestDefault(view.list(INGRESS_CLASSES, ''), [MARK]);
    if (found !== undefined) ingress.spec = { ...ingress.spec, ingressClassName: found.metadata.name };
  },
};
