import { json, startWireServer, type Reply, type WireServer } from "./wire-server";

/** Secrets Manager's GetSecretValue. */
export const startSecrets = (): Promise<WireServer> =>
  startWireServer({
    accepts: (path) => path === "/",
    throttled: (headers) => ({ ...json({ __type: "ThrottlingException" }, headers), status: 400 }),
    refused: () => ({ ...json({ __type: "AccessDeniedException", Message: "canary" }), status: 400 }),
  });

export const secretText = (value: string): Reply => json({ ARN: "arn:x", Name: "x", SecretString: value });
