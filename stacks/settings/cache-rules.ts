import { effective } from "./effective";

/**
 * Method settings may ask for a cache that no cluster serves: AWS takes it, and nothing is cached.
 * @param clusterInEffect Terraform expression: whether there is a cluster
 * @param cachedInEffect Terraform expression: whether answers are cached
 */
export const cacheNeedsCluster = (
  clusterInEffect = effective("cache_cluster_enabled"),
  cachedInEffect = effective("cache_enabled"),
) => ({
  condition: `${clusterInEffect} || !${cachedInEffect}`,
  message: `in effect false while cache_enabled is true; allowed: true, because nothing is cached without a cluster, or both false`,
});
