/** The year 1, which Go writes for no time at all. */
export const NO_TIME_SECONDS = -62_135_596_800;
