import { openAuthorizer } from "./runtime/authorizer";

/** Says to the gateway who a bearer token comes from, or that nobody does. */
export const handler = openAuthorizer(process.env);
