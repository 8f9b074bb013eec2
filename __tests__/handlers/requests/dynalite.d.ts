declare module "dynalite" {
  import type { Server } from "node:http";

  /** A DynamoDB in this process. Milliseconds that a new table is not ready. */
  export default function dynalite(options: { readonly createTableMs: number }): Server;
}
