import { openAuthorizer } from "./tokens/authorize";

/** The authorizer: tells the gateway who sent a bearer token. */
export const handler = openAuthorizer(process.env);
