import type { Creation, NewRequest, RequestRecord } from "./requests";

/**
 * What the request that has the id already means for one that is to be created. The same moment, to the millisecond,
 * tells an earlier try of the same write from a repetition by the caller.
 */
export function creationOver(existing: RequestRecord, request: NewRequest): Creation {
  const { owner, prompt, sessionId, createdAt } = existing;
  if (owner !== request.owner || prompt !== request.prompt || sessionId !== request.sessionId)
    return { outcome: "conflict" };
  return createdAt === request.createdAt ? { outcome: "created" } : { outcome: "repeated", request: existing };
}

/** Epoch seconds at which a request is created: one that expires by then is gone. */
export const creationSeconds = ({ createdAt }: NewRequest): number => Math.floor(Date.parse(createdAt) / 1000);
