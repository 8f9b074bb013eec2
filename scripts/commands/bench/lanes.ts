/**
 * Does the work for every item, at most `lanes` at once, and gives the results in the items' order. Rejects with the
 * first rejection.
 */
export async function inLanes<Item, Result>(
  lanes: number,
  items: readonly Item[],
  work: (item: Item, index: number) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = [];
  // The lanes share one iterator: each takes the next item that nobody has taken.
  const next = items.entries();
  const lane = async () => {
    for (const [index, item] of next) results[index] = await work(item, index);
  };
  await Promise.all(Array.from({ length: Math.min(lanes, items.length) }, lane));
  return results;
}
