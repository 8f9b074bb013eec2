import { createReadStream, existsSync } from "node:fs";
import { createInterface } from "node:readline";

/** The version of the worker that ended each request, by the request's id, from its log: callers are not told. */
export async function endedVersions(logFile: string): Promise<ReadonlyMap<string, string>> {
  const versions = new Map<string, string>();
  if (!existsSync(logFile)) return versions;
  for await (const line of createInterface({ input: createReadStream(logFile), crlfDelay: Infinity })) {
    if (!line.includes('"event":"finished"')) continue;
    const { request_id: id, Version: version } = JSON.parse(line) as { request_id?: string; Version?: string };
    if (id !== undefined && version !== undefined) versions.set(id, version);
  }
  return versions;
}
