/** Whoever has proven who he is. */
export const AUTHENTICATED_GROUP = 'system:authenticated';
