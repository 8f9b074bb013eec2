import { openWorker } from "./runtime/worker";

/** The worker: asks the agents for each request on the queue. */
export const handler = openWorker(process.env);
