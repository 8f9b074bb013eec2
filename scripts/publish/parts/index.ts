import { alarmsPages } from "./alarms";
import { cachedApiStagePages } from "./cached-api-stage";
import { liveAliasPages } from "./live-alias";
import type { PartPages } from "./part-pages";

export { formatPartFiles, type PartPages } from "./part-pages";

/** The pages of every small module. */
export const PART_PAGES: readonly PartPages[] = [cachedApiStagePages, liveAliasPages, alarmsPages];
