import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findNodeBinary } from "../../local/functions/node-binary";
import { LocalIssuer } from "../../tools/local-issuer";
import { makeOwnCertificate } from "../../tools/own-certificate";
import type { CommandContext } from "../context";
import { authorizerCall, coldCalls, type ColdCall } from "./cold-calls";
import { measureColdStart, type ColdSample, type ColdStart } from "./cold-process";
import { startColdServices } from "./cold-services";
import { COLD_VARIANTS, makeColdCode, type ColdCode, type ColdVariant } from "./cold-variants";

export type Protocol = "HTTP" | "TLS";

/** One thing to measure: how long it takes from before the process to its first answer. */
export interface ColdCase {
  readonly protocol: Protocol;
  readonly call: string;
  readonly variant: ColdVariant;
  readonly start: ColdStart;
  measure(): Promise<ColdSample>;
}

/** Everything that cold starts need, on loopback. */
export interface ColdRig {
  readonly cases: readonly ColdCase[];
  /** What runs the functions. */
  readonly nodePath: string;
  /** Of the variants' code; gone with the rig. */
  readonly folder: string;
  close(): Promise<void>;
}

interface Opened {
  readonly code: ColdCode;
  readonly nodePath: string;
}

/** Opens it. The zips must have been made. */
export async function openColdRig({
  projectDirectory,
  environment,
}: Pick<CommandContext, "projectDirectory" | "environment">): Promise<ColdRig> {
  const folder = mkdtempSync(join(tmpdir(), "quickturn-cold-"));
  const closers: (() => Promise<void>)[] = [async () => rmSync(folder, { recursive: true, force: true })];
  const close = async () => {
    for (const closer of closers.splice(0).reverse()) await closer();
  };
  try {
    const opened = { code: await makeColdCode(projectDirectory, folder), nodePath: findNodeBinary("nodejs22.x").path };
    const keys = join(folder, "keys");
    mkdirSync(keys);
    const certificate = await makeOwnCertificate({ directory: keys, env: environment, name: "services" });
    const cases: ColdCase[] = [];
    for (const protocol of ["HTTP", "TLS"] as const) {
      const services = await startColdServices(protocol === "TLS" ? certificate : undefined);
      closers.push(() => services.stop());
      cases.push(
        ...coldCalls(services.url).flatMap((call) => casesOf(opened, protocol, call, services.url, certificate.path)),
      );
    }
    const issuer = await LocalIssuer.start({ directory: keys, env: environment });
    closers.push(() => issuer.stop());
    cases.push(
      ...casesOf(
        opened,
        "TLS",
        authorizerCall(issuer.url, issuer.token("caller", "bench")),
        issuer.url,
        issuer.certificate,
      ),
    );
    return { cases, nodePath: opened.nodePath, folder, close };
  } catch (error) {
    await close();
    throw error;
  }
}

function casesOf(
  { code, nodePath }: Opened,
  protocol: Protocol,
  call: ColdCall,
  endpoint: string,
  certificate: string,
): ColdCase[] {
  return COLD_VARIANTS.flatMap((variant) => {
    const folder = code(variant, call);
    if (folder === undefined) return [];
    const start: ColdStart = { code: folder, call, nodePath, endpoint, certificate, expectsAnswer: variant === "ours" };
    return [{ protocol, call: call.name, variant, start, measure: () => measureColdStart(start) }];
  });
}
