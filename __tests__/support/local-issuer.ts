import { constants, generateKeyPairSync, sign, type JsonWebKey, type KeyObject } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { run } from "../../scripts/kit/process";
import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";

/** How a key signs, as JSON Web Algorithms (RFC 7518) names it. */
export type SigningAlgorithm = "RS256" | "PS256" | "ES256" | "EdDSA";

/** A key pair of an issuer, and the tokens it signs. */
export class SigningKey {
  /** As the issuer publishes it: without its private half. */
  readonly jwk: JsonWebKey & { readonly kid: string; readonly alg: SigningAlgorithm; readonly use: "sig" };
  private readonly privateKey: KeyObject;

  constructor(
    readonly kid: string,
    readonly algorithm: SigningAlgorithm = "ES256",
  ) {
    const { publicKey, privateKey } = generate(algorithm);
    this.privateKey = privateKey;
    this.jwk = { ...publicKey.export({ format: "jwk" }), kid, alg: algorithm, use: "sig" };
  }

  /** A token in compact form. @param header on top of `alg`, `kid` and `typ` */
  token(claims: Readonly<Record<string, unknown>>, header: Readonly<Record<string, unknown>> = {}): string {
    const signed = `${base64url({ alg: this.algorithm, kid: this.kid, typ: "JWT", ...header })}.${base64url(claims)}`;
    return `${signed}.${this.signature(signed).toString("base64url")}`;
  }

  private signature(text: string): Buffer {
    const key = this.privateKey;
    if (this.algorithm === "EdDSA") return sign(null, Buffer.from(text), key);
    if (this.algorithm === "ES256") return sign("sha256", Buffer.from(text), { key, dsaEncoding: "ieee-p1363" });
    const padding =
      this.algorithm === "PS256"
        ? { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST }
        : {};
    return sign("sha256", Buffer.from(text), { key, ...padding });
  }
}

function generate(algorithm: SigningAlgorithm): { publicKey: KeyObject; privateKey: KeyObject } {
  if (algorithm === "ES256") return generateKeyPairSync("ec", { namedCurve: "P-256" });
  return algorithm === "EdDSA" ? generateKeyPairSync("ed25519") : generateKeyPairSync("rsa", { modulusLength: 2_048 });
}

/** A part of a token. */
export function base64url(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString("base64url");
}

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

export interface LocalIssuerOptions {
  /** For the certificate and its key. */
  readonly directory: string;
  /** Where openssl is found. */
  readonly env: NodeJS.ProcessEnv;
  /** How its keys sign. Default: ES256. */
  readonly algorithm?: SigningAlgorithm;
  /** Milliseconds since 1970. Default: the system's clock. */
  readonly nowMs?: () => number;
}

/** Counts of what was asked. */
export interface IssuerStatistics {
  discoveries: number;
  keySets: number;
}

/** Seconds that a token lasts. */
const TOKEN_SECONDS = 3_600;

/** An OpenID Connect issuer on loopback, over TLS with a certificate of its own, as the authorizer needs one. */
export class LocalIssuer {
  readonly statistics: IssuerStatistics = { discoveries: 0, keySets: 0 };
  /** What it answers instead of its documents; undefined = as it should. */
  fault: "down" | "hang" | undefined;
  private keys: SigningKey[] = [];
  private made = 0;

  private constructor(
    private readonly options: LocalIssuerOptions,
    private readonly server: Server,
    /** Path of the certificate, for NODE_EXTRA_CA_CERTS. */
    readonly certificate: string,
  ) {
    this.rotate();
  }

  static async start(options: LocalIssuerOptions): Promise<LocalIssuer> {
    const { path: certificate, key, cert } = await makeOwnCertificate({ ...options, name: "issuer" });
    const server = createServer({ key, cert });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const issuer = new LocalIssuer(options, server, certificate);
    server.on("request", ({ url = "/" }, response) => {
      if (issuer.fault === "hang") return;
      const document = issuer.fault === "down" ? undefined : issuer.documentAt(url);
      response
        .writeHead(document === undefined ? 503 : 200, { "content-type": "application/json" })
        .end(JSON.stringify(document ?? {}));
    });
    return issuer;
  }

  /** As tokens name it in `iss`. */
  get url(): string {
    return `https://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** Signs with a new key from now on. @param keep whether the keys before it stay published. Default: yes */
  rotate(keep = true): void {
    const key = new SigningKey(`key-${++this.made}`, this.options.algorithm);
    this.keys = [key, ...(keep ? this.keys : [])];
  }

  /**
   * A token that is good now, signed with the newest key.
   * @param claims on top of `iss`, `sub`, `aud`, `iat` and `exp`
   */
  token(subject: string, audience: string, claims: Readonly<Record<string, unknown>> = {}): string {
    const seconds = Math.floor((this.options.nowMs ?? Date.now)() / 1_000);
    return this.sign({
      iss: this.url,
      sub: subject,
      aud: audience,
      iat: seconds,
      exp: seconds + TOKEN_SECONDS,
      ...claims,
    });
  }

  /** A token that says just that, signed with the newest key. @param header on top of `alg`, `kid` and `typ` */
  sign(claims: Readonly<Record<string, unknown>>, header: Readonly<Record<string, unknown>> = {}): string {
    return this.keys[0]!.token(claims, header);
  }

  async stop(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.server.close(() => resolve());
      this.server.closeAllConnections();
    });
  }

  private documentAt(path: string): unknown {
    if (path === "/.well-known/openid-configuration") {
      this.statistics.discoveries += 1;
      return { issuer: this.url, jwks_uri: `${this.url}/keys` };
    }
    if (path !== "/keys") return undefined;
    this.statistics.keySets += 1;
    return { keys: this.keys.map(({ jwk }) => jwk) };
  }
}
