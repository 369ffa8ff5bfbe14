import { benchCallPath } from './call-path.ts';

/** Ratios within one run hold on any machine; absolute figures don't. */
await benchCallPath();
