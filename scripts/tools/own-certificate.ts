import { readFileSync } from "node:fs";
import { join } from "node:path";
import { run } from "./process";

/** A certificate of 127.0.0.1 and localhost that nobody else signed. */
export interface OwnCertificate {
  /** Its path, for NODE_EXTRA_CA_CERTS. */
  readonly path: string;
  /** PEM, as a TLS server takes them. */
  readonly key: Buffer;
  readonly cert: Buffer;
}

/**
 * Makes one with openssl, good for two days.
 * @param env where openssl is found
 * @param name of its files in `directory`
 */
export async function makeOwnCertificate({
  directory,
  env,
  name,
}: {
  readonly directory: string;
  readonly env: NodeJS.ProcessEnv;
  readonly name: string;
}): Promise<OwnCertificate> {
  const [key, path] = [join(directory, `${name}-key.pem`), join(directory, `${name}.pem`)];
  const names = ["-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost"];
  await run(
    "openssl",
    [
      "req",
      "-x509",
      "-newkey",
      "ec",
      "-pkeyopt",
      "ec_paramgen_curve:P-256",
      "-nodes",
      "-days",
      "2",
      "-keyout",
      key,
      "-out",
      path,
      ...names,
    ],
    { cwd: directory, env },
  );
  return { path, key: readFileSync(key), cert: readFileSync(path) };
}
