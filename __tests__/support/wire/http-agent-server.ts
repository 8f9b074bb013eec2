import { json, startWireServer, type WireServer } from "./wire-server";

/** An agent of somebody's own behind HTTP, at `/ask`. */
export const startHttpAgent = (): Promise<WireServer> =>
  startWireServer({
    accepts: (path) => path.startsWith("/ask"),
    throttled: (headers) => ({ ...json({ error: "canary" }, headers), status: 429 }),
    refused: () => ({ ...json({ error: "canary" }), status: 401 }),
  });
